CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, lvl STRING, hourly STRING) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o WITH base AS (SELECT imei, CAST(JSON_VALUE(`data`, '$.p') AS INT) AS p, TO_TIMESTAMP(`time`) AS t FROM up WHERE `type` IN ('0706','0707')),
lv AS (SELECT *, CASE WHEN p IS NULL THEN '缺' WHEN p >= 1000 THEN '高' WHEN p BETWEEN 100 AND 999 THEN '中' ELSE '低' END AS lvl FROM base)
SELECT imei, lvl, DATE_FORMAT(FLOOR(t TO HOUR), 'yyyy-MM-dd HH:mm') FROM lv WHERE lvl <> '低';