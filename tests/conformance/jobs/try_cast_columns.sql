CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, d DOUBLE, t TIMESTAMP(3), i INT)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, TRY_CAST(JSON_VALUE(data, '$.Power') AS DOUBLE), TRY_CAST(ts AS TIMESTAMP(3)), TRY_CAST(imei AS INT) FROM up;
