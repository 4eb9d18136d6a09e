CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, a DECIMAL(10,2), b DECIMAL(20,4), c DECIMAL(5,1), d STRING) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o SELECT imei, price * 0.9, price * n / 3, CAST(price AS DECIMAL(5,1)), CAST(ROUND(price / 7, 3) AS STRING) FROM up;