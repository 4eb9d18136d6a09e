-- A charger's job as it may be found: five things that its author would want to know.
create table iot_up (`id` varchar, `imei` varchar, `pk` varchar, `type` varchar, `data` varchar) with (type = 'datahub');
create table charge_power (
  `metric` VARCHAR, `timestamp` INTEGER, `value` INTEGER, `imei` VARCHAR, `channel` VARCHAR, `msgid` VARCHAR, `pk` VARCHAR
) with (type='hitsdb', host='***', port='***');
insert into charge_power select
  'power',
  cast(UNIX_TIMESTAMP(`time`) as int),
  cast(json_value(`data`,'$.Powers[0].Power') as int),
  imei,
  json_value(`data`,'$.Powers[0].Channel'),
  json_value(`data`,'$.Powers[0].MsgId'),
  pk
 from iot_up where `type` = '0706'  and json_value(`data`,'$.Powers[0]') is not null;
