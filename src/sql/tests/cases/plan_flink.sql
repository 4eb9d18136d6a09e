-- What each operator and function becomes, in flink.
SET 'rookery.dialect' = 'flink';
CREATE TABLE s (
  a STRING, n INT, m BIGINT, p DECIMAL(10, 2), t TIMESTAMP(3), z TIMESTAMP_LTZ(3), day AS CAST(t AS DATE),
  arr ARRAY<ROW<x INT NOT NULL, y MAP<STRING, VARBINARY(4)>>>, upper_a AS UPPER(a)
) WITH ('connector' = 'kafka', 'properties.group.id' = 'g');
CREATE TABLE t (v STRING, w INT) WITH ('connector' = 'print');
CREATE TABLE u (c CHAR(4), d DECIMAL(4, 1), e TIMESTAMP(6), f DOUBLE) WITH ('connector' = 'print');
CREATE TABLE nested (arr ARRAY<ROW<x BIGINT, y MAP<STRING, BYTES>>>) WITH ('connector' = 'print');
-- rule: whole numbers
INSERT INTO t SELECT a, n / 2 FROM s WHERE 7 / 2 = 3 AND m % 3 = 1 AND n * 1.5 > p;
-- rule: casts fail
INSERT INTO t SELECT CAST(n AS STRING), CAST(a AS INT) FROM s WHERE TRY_CAST(a AS BOOLEAN);
-- rule: concat
INSERT INTO t SELECT CONCAT(a, 'x') || NULL, 1 FROM s WHERE CASE a WHEN 'b' THEN TRUE END;
-- rule: json
INSERT INTO t SELECT JSON_VALUE(a, 'lax $.x' RETURNING STRING DEFAULT 'q' ON EMPTY ERROR ON ERROR), JSON_VALUE(a, '$.y' RETURNING INTEGER NULL ON EMPTY) FROM s;
-- rule: sink
INSERT INTO u SELECT 'ab', p, z, n FROM s WHERE day = DATE '2026-11-22' AND a > t;
-- rule: nested
INSERT INTO nested SELECT arr FROM s;
-- rule: with
INSERT INTO t WITH x (k, i) AS (SELECT a, n FROM s WHERE __shard = 0), y AS (SELECT k FROM x) SELECT k, 1 FROM y UNION ALL SELECT k, i FROM x;
-- rule: unbuilt column
INSERT INTO t SELECT upper_a, 1 FROM s;
