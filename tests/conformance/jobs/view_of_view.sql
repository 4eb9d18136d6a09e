CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, p DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
CREATE TEMPORARY VIEW a AS SELECT id, TRY_CAST(JSON_VALUE(data, '$.Power') AS DOUBLE) AS p FROM up;
CREATE TEMPORARY VIEW b (i, q) AS SELECT id, p * 2 FROM a WHERE p IS NOT NULL;
INSERT INTO o SELECT i, q FROM b;
