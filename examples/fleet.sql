-- Orders of water dispensers and the power of charging piles, from one stream of device messages.
--
-- Written for a chain of DataHub, MQ and TSDB; `rookery demo` runs it with these three replaced by
-- a TCP listener and two directories of files, and the text stays as it is.

CREATE TABLE device_messages (
  id        VARCHAR,
  imei      VARCHAR,
  `type`    VARCHAR,
  `data`    VARCHAR, -- JSON in a string, another shape for each kind of machine
  `profile` VARCHAR,
  `time`    VARCHAR
) WITH (
  type = 'datahub',
  topic = 'device_messages'
);

CREATE TABLE water_orders (
  order_id    VARCHAR,
  imei        VARCHAR,
  millilitres INT,
  price_cents INT,
  drawn_at    BIGINT
) WITH (
  type = 'mq',
  topic = 'water_orders'
);

CREATE TABLE charger_power (
  imei        VARCHAR,
  channel     VARCHAR,
  watts       DOUBLE,
  load_class  VARCHAR,
  measured_at BIGINT
) WITH (
  type = 'hitsdb'
);

-- A report that holds a single, finished order.
INSERT INTO water_orders
SELECT
  JSON_VALUE(`data`, '$.Order'),
  imei,
  CAST(JSON_VALUE(`data`, '$.Volume') AS INT),
  CAST(JSON_VALUE(`data`, '$.Price') AS INT),
  UNIX_TIMESTAMP(`time`)
FROM device_messages
WHERE `type` = '08'
  AND `profile` IS NULL
  AND JSON_VALUE(`data`, '$.Flag') IN ('04', '05');

-- The first channel of a charging pile.
INSERT INTO charger_power
SELECT
  imei,
  JSON_VALUE(`data`, '$.Powers[0].Channel'),
  CAST(JSON_VALUE(`data`, '$.Powers[0].Power') AS DOUBLE),
  CASE
    WHEN CAST(JSON_VALUE(`data`, '$.Powers[0].Power') AS DOUBLE) >= 500 THEN 'high'
    ELSE 'normal'
  END,
  UNIX_TIMESTAMP(`time`)
FROM device_messages
WHERE `type` = '0706'
  AND JSON_VALUE(`data`, '$.Powers[0].Power') IS NOT NULL;
