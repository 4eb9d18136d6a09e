CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, 'distinct' FROM up WHERE kind IS DISTINCT FROM 'A';
INSERT INTO o SELECT id, 'not distinct' FROM up WHERE kind IS NOT DISTINCT FROM CAST(NULL AS STRING);
