CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE o (id STRING, `power` STRING, w INT, chans STRING, has BOOLEAN)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/o', 'format' = 'json');
INSERT INTO o SELECT id, JSON_VALUE(data, '$.Power'), JSON_VALUE(data, '$.Ch[0].W' RETURNING INTEGER),
  JSON_QUERY(data, '$.Ch'), JSON_EXISTS(data, '$.State') FROM up;
