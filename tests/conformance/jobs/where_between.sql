CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, 'between' FROM up WHERE n BETWEEN 0 AND 5;
INSERT INTO o SELECT id, 'not between' FROM up WHERE n NOT BETWEEN 0 AND 5;
INSERT INTO o SELECT id, 'price' FROM up WHERE price BETWEEN 0 AND 20;
INSERT INTO o SELECT id, 'symmetric' FROM up WHERE n BETWEEN SYMMETRIC 5 AND -10;
