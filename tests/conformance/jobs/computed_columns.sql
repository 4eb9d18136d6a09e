CREATE TABLE up (id STRING, data STRING, n INT, twice AS n * 2, state AS JSON_VALUE(data, '$.State'), label AS CONCAT(id, '-', 'x'))
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, t INT, s STRING, l STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, twice, state, label FROM up WHERE twice > 0 OR state = 'on';
