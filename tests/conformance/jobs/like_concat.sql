CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');
INSERT INTO o SELECT imei FROM up WHERE `data` LIKE CONCAT('%', `type`, '%') OR imei LIKE '8\_%' ESCAPE '\';