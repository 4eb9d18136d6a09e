CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, c STRING, s STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id,
  CASE WHEN n > 5 THEN 'big' WHEN n >= 0 THEN 'small' WHEN n IS NULL THEN 'none' ELSE 'negative' END,
  CASE kind WHEN 'A' THEN 'first' WHEN 'B' THEN 'second' END
FROM up;
