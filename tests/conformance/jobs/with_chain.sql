CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, m INT)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o
WITH a AS (SELECT id, n, kind FROM up WHERE n IS NOT NULL),
     b AS (SELECT id, n + 1 AS m, kind FROM a WHERE kind = 'A'),
     c (i, k) AS (SELECT id, m * 2 FROM b)
SELECT i, k FROM c;
