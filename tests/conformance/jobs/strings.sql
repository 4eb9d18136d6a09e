CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, a STRING, b STRING, c INT, d STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, UPPER(kind) || '-' || imei, LPAD(id, 3, '0'), CHAR_LENGTH(data), CONCAT_WS('|', kind, imei, 'x') FROM up;
