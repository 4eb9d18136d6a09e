CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, d STRING, u BIGINT, h BIGINT, plus TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, DATE_FORMAT(ts, 'yyyy/MM/dd'), UNIX_TIMESTAMP(ts), EXTRACT(HOUR FROM TO_TIMESTAMP(ts)), TO_TIMESTAMP(ts) + INTERVAL '1' DAY FROM up WHERE id IN ('1', '2', '3', '5', '6');
