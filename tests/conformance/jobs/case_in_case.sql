CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, r STRING, f DOUBLE) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o SELECT imei, CASE `type` WHEN '0706' THEN CASE WHEN ok THEN 'a' ELSE 'b' END WHEN '0707' THEN IF(n > 5, 'c', 'd') ELSE COALESCE(NULLIF(`type`, ''), 'none') END,
 CASE WHEN n <> 0 THEN CAST(price AS DOUBLE) / n ELSE 0 END FROM up;