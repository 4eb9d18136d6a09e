-- What somebody who comes from Flink writes at first: each statement has one mistake of theirs.
SET 'rookery.dialect' = 'flink';
SET 'table.local-time-zone' = 'Asia/Shanghai';
SET 'execution.checkpointing.interval' = '10s';
ADD JAR '/opt/flink-sql-connector-kafka.jar';
CREATE CATALOG hive WITH ('type' = 'hive');
CREATE TABLE orders (
  imei STRING, `type` STRING, amount INT, body STRING, `ts` TIMESTAMP_LTZ(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'orders');
CREATE TABLE 结果 (设备 STRING, 数量 INT) WITH ('connector' = 'print');
INSERT INTO 结果 SELECT imei, amuont FROM orders WHERE `type` = '订单';
INSERT INTO 结果 SELECT GET_JSON_OBJECT(body, '$.no'), amount FROM orders;
INSERT INTO 结果 SELECT imei, amount FROM orders WHERE imei = 860001;
INSERT INTO 结果 SELECT imei, body FROM orders;
INSERT INTO 结果 SELECT imei, NVL(amount, 0) FROM orders;
INSERT INTO 结果 SELECT imei FROM orders;
INSERT OVERWRITE 结果 SELECT imei, amount FROM orders;
SELECT imei, amount FROM orders;
INSERT INTO 结果 SELECT imei, COUNT(*) FROM orders GROUP BY imei;
INSERT INTO 结果 SELECT imei, amount FROM orders WHERE '中文' = `type` AND body IS NOT JSON_VALUE;
INSERT INTO 结果 SELECT o.imei, amount FROM orders o LATERAL VIEW EXPLODE(SPLIT(body, ',')) t AS part;
INSERT INTO 结果 SELECT imei, amount::BIGINT FROM orders;
INSERT INTO 结果 SELECT "imei", amount FROM orders;
INSERT INTO 结果 SELECT imei, amount FROM orders WHERE body RLIKE '^a';
INSERT INTO 结果 SELECT imei, amount FROM default_catalog.default_database.orders;
INSERT INTO 结果 PARTITION (dt = '2026-11-23') SELECT imei, amount FROM orders;
CREATE TABLE copy LIKE orders;
CREATE TABLE kept AS SELECT imei FROM orders;
CREATE TABLE p (imei STRING) PARTITIONED BY (imei) WITH ('connector' = 'print');
CREATE TABLE c (imei STRING) COMMENT 'of devices' WITH ('connector' = 'print');
INSERT INTO 结果 SELECT imei, amount FROM orders LIMIT 10;
INSERT INTO 结果 (SELECT imei, amount FROM orders);
INSERT INTO 结果 SELECT imei, amount FROM TABLE(FILTER(TABLE orders));
INSERT INTO 结果 SELECT imei, amount FROM orders TABLESAMPLE BERNOULLI (10);
INSERT INTO 结果 SELECT imei, amount FROM orders PIVOT (SUM(amount) FOR imei IN ('a'));
INSERT INTO 结果 SELECT imei, amount FROM orders FOR SYSTEM_TIME AS OF TIMESTAMP '2026-11-23 00:00:00';
