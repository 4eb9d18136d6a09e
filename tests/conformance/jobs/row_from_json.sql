CREATE TABLE up (id STRING, pos ROW<lat DOUBLE, lon DOUBLE, tag ROW<k STRING, n INT>>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, lat DOUBLE, k STRING, pos ROW<lat DOUBLE, lon DOUBLE, tag ROW<k STRING, n INT>>)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, up.pos.lat, up.pos.tag.k, pos FROM up;
