-- What each operator and function becomes, in blink.
CREATE TABLE s (a VARCHAR, n INT, m BIGINT, d DOUBLE, p DECIMAL(10, 2), f BOOLEAN, t TIMESTAMP, y DATE) WITH (type = 'datahub');
CREATE TABLE i (v INT) WITH (type = 'print');
CREATE TABLE w (v DOUBLE) WITH (type = 'print');
CREATE TABLE v (v VARCHAR) WITH (type = 'print');
CREATE TABLE b (v BOOLEAN) WITH (type = 'print');
CREATE TABLE two (v VARCHAR, w DECIMAL(6, 2)) WITH (type = 'print');
CREATE VIEW halves AS SELECT a, n / 2 AS half FROM s WHERE n IS NOT NULL;
-- rule: implicit numbers
INSERT INTO w SELECT n / 2 FROM s WHERE a = 0706 OR n IN (1, '2', NULL) AND NOT f;
-- rule: decimals
INSERT INTO i SELECT n % 2 + p FROM s WHERE m BETWEEN n AND 10 AND d > 1 AND p NOT BETWEEN 1.5 AND n;
-- rule: simple case
INSERT INTO v SELECT CASE n WHEN 1 THEN 'one' WHEN 2 THEN 2 ELSE NULL END FROM s WHERE f = 'true';
-- rule: texts
INSERT INTO v SELECT CONCAT(a, n, NULL) || d FROM s WHERE a SIMILAR TO '[0-9]+' AND a IS NOT DISTINCT FROM n;
-- rule: branches
INSERT INTO v SELECT COALESCE(a, n, d) FROM s WHERE UNKNOWN IS UNKNOWN AND IF(f, n, m) = 1 AND IFNULL(n, 1.5) <> 2;
-- rule: nullif
INSERT INTO v SELECT NULLIF(n, m) FROM s WHERE NULLIF(a, '') IS NULL AND IS_DIGIT(n) AND IS_ALPHA(a) IS NOT TRUE;
-- rule: times
INSERT INTO i SELECT UNIX_TIMESTAMP(t) + UNIX_TIMESTAMP(a, 'yyyyMMdd') - UNIX_TIMESTAMP(y) FROM s WHERE t > '2026-11-22 00:00:00' AND y < t;
-- rule: constants
INSERT INTO v SELECT 1 WHERE DATE '2026-11-22' < TIMESTAMP '2026-11-22 10:00:00.25' AND TIME '10:20:30' IS NOT NULL;
-- rule: arithmetic
INSERT INTO i SELECT MOD(a, 2) - -n + +1 FROM s WHERE -(n) < -1 AND X'00ff' = X'00FF';
-- rule: explicit
INSERT INTO v SELECT CAST(n AS VARCHAR) FROM s WHERE TRY_CAST(a AS DECIMAL(4, 2)) = 1.5 AND CAST('7' AS INT) = CAST(7 AS BIGINT);
-- rule: precedence
INSERT INTO b SELECT NOT n = 1 AND f OR a || 'x' = 'yx' AND (n + 1) * 2 - 3 / 4 > 0 FROM s;
-- rule: union of types
INSERT INTO two SELECT a, n FROM s UNION ALL SELECT n, p FROM s UNION ALL (SELECT 'x', 1.234 UNION ALL VALUES ('y', NULL));
-- rule: partial
INSERT INTO two (w) SELECT h.half FROM halves AS h (name, half) WHERE h.name NOT LIKE 'a%';
-- rule: star
INSERT INTO two SELECT * FROM (SELECT x.* FROM (SELECT a, p FROM s) AS x) AS y;
-- rule: everything implicit
INSERT INTO v SELECT CONCAT(__arrival, __lsn, __forwarder, undeclared) FROM s WHERE __lag_ms > 1000;
