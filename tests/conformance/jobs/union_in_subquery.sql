CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, m STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, UPPER(m) FROM (SELECT id, 'a' AS m FROM up WHERE n > 0 UNION ALL SELECT id, 'b' FROM up WHERE n <= 0) t WHERE id <> '5';
