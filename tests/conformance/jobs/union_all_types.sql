CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, v DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, CAST(n AS DOUBLE) FROM up WHERE n > 0 UNION ALL SELECT id, CAST(price AS DOUBLE) FROM up WHERE price > 0;
