-- Power of a charger's first channel; the device's clock is not declared.
CREATE TABLE pile_up (`imei` VARCHAR, `kind` VARCHAR, `body` VARCHAR) WITH (type='datahub');
CREATE TABLE pile_power (
    `metric` VARCHAR, `timestamp` INTEGER, `value` DOUBLE, `imei` VARCHAR, `channel` VARCHAR
) WITH (type='hitsdb', host='***', port='***');
insert into pile_power select
  'power', cast(UNIX_TIMESTAMP(`clock`) as int),
  cast(json_value(`body`, '$.Channels[0].Watt') as double), imei,
  json_value(`body`, '$.Channels[0].No')
from pile_up where kind = 'P6' and json_value(`body`, '$.Channels[0]') is not null;
insert into pile_power
select 'lag', unix_timestamp(), __lag_ms / 1000, t.imei, cast(__shard as varchar)
from pile_up as t where __is_backlog is not true and __raw like '%!_x%' escape '!';
