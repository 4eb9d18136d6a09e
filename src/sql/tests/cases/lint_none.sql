-- A job of which there is nothing to say.
SET 'table.local-time-zone' = 'Asia/Shanghai';
CREATE TABLE up (imei VARCHAR, kind VARCHAR, `time` VARCHAR, body VARCHAR) WITH (type = 'datahub');
CREATE TABLE power (metric VARCHAR, `timestamp` BIGINT, `value` DOUBLE, imei VARCHAR, channel VARCHAR)
WITH (type = 'hitsdb', host = 'tsdb', port = '8242');
INSERT INTO power
SELECT 'power', UNIX_TIMESTAMP(TO_TIMESTAMP(`time`)), TRY_CAST(JSON_VALUE(body, '$.Powers[0].Power') AS DOUBLE), imei, '1'
FROM up WHERE kind = '0706' AND JSON_VALUE(body, '$.Powers[0].Power') IS NOT NULL;
INSERT INTO power
SELECT 'power', UNIX_TIMESTAMP(TO_TIMESTAMP(`time`)), TRY_CAST(JSON_VALUE(body, '$.Powers[1].Power') AS DOUBLE), imei, '2'
FROM up WHERE kind = '0706' AND JSON_VALUE(body, '$.Powers[1].Power') IS NOT NULL;
