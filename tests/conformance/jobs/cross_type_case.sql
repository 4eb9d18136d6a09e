CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, v STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, CASE WHEN n > 0 THEN n ELSE 'none' END FROM up;
