-- 全角输入法打出来的：字母、数字、运算符、引号和注释。
CREATE TABLE up (imei VARCHAR, n INT) WITH (type = 'tcp');
CREATE TABLE result (imei VARCHAR, n INT) WITH (type = 'print');
INSERT　INTO result SELECT imei, n FROM up WHERE n ＞ １２ AND n ≥ 3 AND n ＜＝ 99；
ＩＮＳＥＲＴ INTO result SELECT imei, n ＋ 1 FROM up WHERE n ！＝ 4 AND n ≠ 5；
INSERT INTO result SELECT ＇全角，（）＇, n × 2 FROM up；——全角破折号之后是注释（，）
INSERT INTO result SELECT imei ｜｜ “号”, n – 1 FROM up WHERE n 《 7 AND 1 — 1 = 0；
INSERT INTO result SELECT imei，n FROM up WHERE imei ＝ ‘a’ AND （n ＞ 1）；
