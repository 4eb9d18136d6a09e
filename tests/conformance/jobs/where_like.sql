CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, 'like' FROM up WHERE data LIKE '%Power%';
INSERT INTO o SELECT id, 'not like' FROM up WHERE data NOT LIKE '%Power%';
INSERT INTO o SELECT id, 'underscore' FROM up WHERE imei LIKE '86_';
INSERT INTO o SELECT id, 'similar' FROM up WHERE imei SIMILAR TO '86[12]';
INSERT INTO o SELECT id, 'quote' FROM up WHERE kind LIKE '%''%';
