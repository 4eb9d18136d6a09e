CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (dev ROW<imei STRING, t STRING>, tags ARRAY<STRING>, m MAP<STRING, STRING>) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');
INSERT INTO o SELECT ROW(imei, `type`), ARRAY[imei, `type`, CAST(n AS STRING)], MAP['t', `type`, 'time', `time`] FROM up;