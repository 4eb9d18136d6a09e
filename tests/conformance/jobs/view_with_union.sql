CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
CREATE TEMPORARY VIEW v AS SELECT id, 'a' AS t FROM up WHERE kind = 'A' UNION ALL SELECT id, 'n' FROM up WHERE kind IS NULL;
INSERT INTO o SELECT * FROM v;
