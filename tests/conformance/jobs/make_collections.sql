CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, a ARRAY<STRING>, m MAP<STRING, INT>, r ROW<x STRING, y INT>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, ARRAY[id, imei], MAP['n', n], ROW(kind, n) FROM up WHERE n < 100;
