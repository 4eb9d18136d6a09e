CREATE TABLE up (id STRING, m MAP<STRING, INT>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, a INT, c INT, m MAP<STRING, INT>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, m['a'], CARDINALITY(m), m FROM up;
