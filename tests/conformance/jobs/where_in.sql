CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, 'in' FROM up WHERE kind IN ('A', 'B');
INSERT INTO o SELECT id, 'not in' FROM up WHERE kind NOT IN ('A', 'B');
INSERT INTO o SELECT id, 'in null' FROM up WHERE kind IN ('A', CAST(NULL AS STRING));
INSERT INTO o SELECT id, 'not in null' FROM up WHERE kind NOT IN ('A', CAST(NULL AS STRING));
INSERT INTO o SELECT id, 'ints' FROM up WHERE n IN (0, 5, -7);
