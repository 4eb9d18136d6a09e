CREATE TABLE up (id STRING, `day` AS SUBSTRING(ts, 1, 10), ts STRING, t AS TO_TIMESTAMP(ts))
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, `day` STRING, t TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, `day`, t FROM up WHERE t > TIMESTAMP '2026-01-01 00:00:00';
