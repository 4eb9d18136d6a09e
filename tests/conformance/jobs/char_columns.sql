CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (a CHAR(4), b VARCHAR(2), c STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT CAST(kind AS CHAR(4)), CAST(imei AS VARCHAR(2)), CAST(n AS STRING) FROM up;
