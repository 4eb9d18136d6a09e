CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o1 (id STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o1', 'format' = 'json');
CREATE TABLE o2 (id STRING, n INT)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o2', 'format' = 'json');
BEGIN STATEMENT SET;
INSERT INTO o1 SELECT id FROM up WHERE kind = 'A';
INSERT INTO o2 SELECT id, n FROM up WHERE n IS NOT NULL;
END;
