CREATE TABLE up (id STRING, imei STRING, kind STRING, data STRING, n INT, price DECIMAL(8, 2), ts STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE `order` (`select` STRING, `中文` STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out/order', 'format' = 'json');
INSERT INTO `order` SELECT `u`.`id` AS `select`, u.kind AS `种类` FROM `up` AS `u` WHERE u.`kind` = 'A''B';
