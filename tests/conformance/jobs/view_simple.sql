CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, s STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
CREATE TEMPORARY VIEW v AS SELECT id, JSON_VALUE(data, '$.State') AS s FROM up;
INSERT INTO o SELECT id, s FROM v WHERE s IS NOT NULL;
