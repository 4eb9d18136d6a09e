CREATE TABLE up (id STRING, nums ARRAY<INT>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, n INT)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, x FROM up CROSS JOIN UNNEST(nums) AS t (x);
