CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (a STRING, b INT, c DOUBLE, d DECIMAL(6, 2), e BOOLEAN, f DATE, g TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o VALUES ('x', 1, CAST(2.5 AS DOUBLE), 3.25, TRUE, DATE '2026-11-22', TIMESTAMP '2026-11-22 10:00:00.5');
