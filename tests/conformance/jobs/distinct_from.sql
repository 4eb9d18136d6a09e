CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, n INT) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o SELECT imei, n FROM up WHERE n IS DISTINCT FROM 3 AND NOT (ok IS TRUE) AND (`type` NOT IN ('x', 'y') OR `type` IS NULL);