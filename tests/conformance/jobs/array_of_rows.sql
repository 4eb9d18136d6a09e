CREATE TABLE up (id STRING, ch ARRAY<ROW<num INT, w DECIMAL(6, 2)>>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, w1 DECIMAL(6, 2), n2 INT, ch ARRAY<ROW<num INT, w DECIMAL(6, 2)>>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, ch[1].w, ch[2].num, ch FROM up;
