CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, 'or' FROM up WHERE n > 0 OR kind = 'B';
INSERT INTO o SELECT id, 'and' FROM up WHERE n > 0 AND kind = 'A';
INSERT INTO o SELECT id, 'not' FROM up WHERE NOT (n > 0);
INSERT INTO o SELECT id, 'not and' FROM up WHERE NOT (n > 0 AND kind = 'A');
INSERT INTO o SELECT id, 'is not true' FROM up WHERE (n > 0) IS NOT TRUE;
INSERT INTO o SELECT id, 'is unknown' FROM up WHERE (n > 0 OR kind = 'A') IS UNKNOWN;
