CREATE TABLE up (id STRING, tags ARRAY<STRING>, nums ARRAY<INT>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, first STRING, third INT, c INT, tags ARRAY<STRING>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, tags[1], nums[3], CARDINALITY(nums), tags FROM up;
