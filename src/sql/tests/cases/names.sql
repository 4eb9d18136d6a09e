CREATE TABLE up (imei VARCHAR, `type` VARCHAR, `data` VARCHAR) WITH (type = 'datahub');
CREATE TABLE up (imei VARCHAR) WITH (type = 'datahub');
CREATE TABLE twice (a VARCHAR, a INT, PRIMARY KEY (b)) WITH (type = 'print', connector = 'x', Type = 'y');
CREATE TABLE down (imei VARCHAR, n INT) WITH (type = 'print');
CREATE VIEW first_view AS SELECT imei AS device FROM second_view;
CREATE VIEW second_view (device, device) AS SELECT imei, type FROM up;
CREATE VIEW third_view (a, b) AS SELECT imei FROM up;
CREATE VIEW pairs AS SELECT imei AS a, `type` AS a FROM up;
INSERT INTO down SELECT imei, 1 FROM upp;
INSERT INTO dwon SELECT imei, 1 FROM up;
INSERT INTO down SELECT imie, 1 FROM up;
INSERT INTO down SELECT u.imei, up.`type` FROM up AS u;
INSERT INTO down SELECT a, 1 FROM pairs;
INSERT INTO down SELECT decive, 1 FROM (SELECT imei AS device FROM up) AS x;
INSERT INTO down (imei, imei, m) SELECT imei, imei, 1 FROM up;
INSERT INTO pairs SELECT imei, imei FROM up;
INSERT INTO down SELECT json_valeu(`data`, '$.a'), frobnicate(1) FROM up;
INSERT INTO down SELECT x;
INSERT INTO up SELECT imei, imei, imei FROM down;
INSERT INTO down SELECT imei, 1 FROM db.up;
WITH q AS (SELECT 1) SELECT * FROM q;
-- rule: same
INSERT INTO down SELECT imei, 1 FROM up;
-- rule: same
INSERT INTO down SELECT imei, 2 FROM up;
INSERT INTO down SELECT json_value(`data`, '$.p') AS p, 1 FROM up WHERE p IS NOT NULL;
-- rule: nothing follows
