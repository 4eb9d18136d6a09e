CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (a STRING) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');
INSERT INTO o SELECT imei FROM up UNION ALL SELECT n FROM up;