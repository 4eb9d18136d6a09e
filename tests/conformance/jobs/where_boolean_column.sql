CREATE TABLE up (id STRING, ok BOOLEAN)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING, b BOOLEAN)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, 'bare', NOT ok FROM up WHERE ok;
INSERT INTO o SELECT id, 'not', ok IS UNKNOWN FROM up WHERE NOT ok;
INSERT INTO o SELECT id, 'not true', ok FROM up WHERE ok IS NOT TRUE;
