CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, a INT, b DECIMAL(20, 4), c DECIMAL(30, 6), d DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, n / 2, CAST(price * 3 AS DECIMAL(20, 4)), CAST(price / 7 AS DECIMAL(30, 6)), n / CAST(4 AS DOUBLE) FROM up WHERE n < 1000;
