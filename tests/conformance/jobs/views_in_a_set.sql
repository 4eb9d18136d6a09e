CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE a (x STRING, y INT) WITH ('connector'='filesystem','path'='{dir}/out/a','format'='json');
CREATE TABLE b (x STRING, y INT) WITH ('connector'='filesystem','path'='{dir}/out/b','format'='json');

CREATE TEMPORARY VIEW v1 (x, y, z) COMMENT '视图' AS SELECT imei, n, `type` FROM up WHERE n IS NOT NULL;
CREATE VIEW IF NOT EXISTS v2 AS SELECT x, y + 1 AS y FROM v1 WHERE z LIKE '07%' AND z NOT LIKE '%9';
EXECUTE STATEMENT SET BEGIN
INSERT INTO a SELECT * FROM v2;
INSERT INTO b (y, x) SELECT y, UPPER(x) FROM v1 WHERE MOD(y, 2) = 0;
END;