CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, p DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, CAST(JSON_VALUE(data, '$.Power') AS DOUBLE) FROM up WHERE IS_DECIMAL(JSON_VALUE(data, '$.Power'));
