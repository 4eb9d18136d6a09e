CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (a STRING, b INT) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o SELECT t.name, t.id * 10 FROM (VALUES (1, 'one'), (2, 'two'), (3, 'three')) AS t(id, name) WHERE t.id <> 2;