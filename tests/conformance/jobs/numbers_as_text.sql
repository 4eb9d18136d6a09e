CREATE TABLE up (id STRING, n STRING, obj STRING, i INT, b BOOLEAN, d DOUBLE, `dec` DECIMAL(6, 2))
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, n STRING, obj STRING, i INT, b BOOLEAN, d DOUBLE, `dec` DECIMAL(6, 2))
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT * FROM up;
