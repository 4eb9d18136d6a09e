CREATE TABLE up (id STRING, a TINYINT, b SMALLINT, c BIGINT, f FLOAT, g DOUBLE, h DATE, i TIME, j TIMESTAMP(3), k DECIMAL(10, 3), l BYTES, m BOOLEAN)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, a TINYINT, b SMALLINT, c BIGINT, f FLOAT, g DOUBLE, h DATE, i TIME, j TIMESTAMP(3), k DECIMAL(10, 3), l BYTES, m BOOLEAN)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT * FROM up;
