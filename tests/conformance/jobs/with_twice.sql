CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, m STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o WITH t AS (SELECT id, n FROM up WHERE n >= 0) SELECT id, 'x' FROM t UNION ALL SELECT id, 'y' FROM t WHERE n > 5;
