CREATE TABLE up (id STRING, n INT, m AS n + 1)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, n INT, m INT)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT * FROM up WHERE n < 100;
