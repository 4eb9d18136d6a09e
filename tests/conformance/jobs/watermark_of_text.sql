CREATE TABLE up (imei STRING, ts STRING, WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');
INSERT INTO o SELECT imei FROM up;
