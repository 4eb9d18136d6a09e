CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
EXECUTE STATEMENT SET
BEGIN
INSERT INTO o SELECT id, 'a' FROM up WHERE kind = 'A';
INSERT INTO o SELECT id, 'n' FROM up WHERE n > 5;
END;
