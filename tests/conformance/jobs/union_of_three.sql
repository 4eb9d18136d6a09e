CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, k STRING, v DECIMAL(12,3)) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o
SELECT imei, 'n', n FROM up
UNION ALL
(SELECT imei, 'price', price FROM up WHERE price > 1)
UNION ALL
SELECT imei, CASE WHEN ok THEN 'ok' ELSE 'bad' END, CAST(NULL AS INT) FROM up WHERE ok IS NOT NULL;