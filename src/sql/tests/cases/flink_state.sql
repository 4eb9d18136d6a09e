SET 'rookery.dialect' = 'flink';
SET 'table.local-time-zone' = 'GMT+08:00';
SET 'parallelism.default' = '4';
CREATE TABLE `washer_up` (
  `imei` STRING NOT NULL COMMENT 'the device',
  `state` ROW<`door` BOOLEAN, program ARRAY<MAP<STRING, INT>>>,
  `temperature` SMALLINT,
  `sent` TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
  `doubled` AS `temperature` * 2,
  WATERMARK FOR `sent` AS `sent` - INTERVAL '5' SECOND
) COMMENT 'washers' WITH ('connector' = 'kafka', 'topic' = 'up', 'format' = 'json');
CREATE TABLE washer_state (
  imei STRING, temperature INT, power BIGINT, PRIMARY KEY (imei) NOT ENFORCED
) WITH ('connector' = 'print');
CREATE TEMPORARY VIEW hot (device, degrees) COMMENT 'over sixty' AS
  SELECT imei, temperature FROM washer_up WHERE temperature > 60;
EXECUTE STATEMENT SET BEGIN
  -- rule: hot washers
  INSERT INTO washer_state SELECT device, degrees, 1 FROM hot;
  INSERT INTO washer_state
    WITH cold AS (SELECT imei, doubled FROM washer_up WHERE NOT (temperature >= 60))
    SELECT imei, doubled, CAST(NULL AS BIGINT) FROM cold
    UNION ALL SELECT h.device, h.degrees, 7 FROM hot AS h;
END;
