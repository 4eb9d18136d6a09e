CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING, a STRING, b BIGINT, c DATE, d TIMESTAMP(3), e BIGINT) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o SELECT imei, FROM_UNIXTIME(UNIX_TIMESTAMP(`time`) - MOD(UNIX_TIMESTAMP(`time`), 900), 'yyyyMMddHHmm'), UNIX_TIMESTAMP(`time`) * 1000, CAST(TO_TIMESTAMP(`time`) AS DATE), TIMESTAMPADD(HOUR, 8, TO_TIMESTAMP(`time`)), TIMESTAMPDIFF(DAY, DATE '2026-01-01', TO_DATE(`time`)) FROM up;