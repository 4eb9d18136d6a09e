CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, a STRING, b STRING, c STRING, d INT) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o SELECT imei, CONCAT_WS('|', imei, CAST(n AS STRING), CAST(price AS STRING), CAST(ok AS STRING)), LPAD(CAST(n AS STRING), 5, '0'), REGEXP_REPLACE(imei, '^(.{3}).*(.{2})$', '$1***$2'), CHAR_LENGTH(TRIM(`data`)) FROM up;