CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, x BOOLEAN) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');
INSERT INTO o SELECT imei, n > 1 AND ok OR price BETWEEN 1 AND 10 AND NOT ok FROM up;