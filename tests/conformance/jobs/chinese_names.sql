CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (`设备号` STRING, `功率（W）` DOUBLE, `时 间` STRING) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');

INSERT INTO o SELECT imei AS `设备号`, CAST(JSON_VALUE(`data`, '$.功率') AS DOUBLE), `time` FROM up WHERE JSON_VALUE(`data`, '$.状态') = '运行';