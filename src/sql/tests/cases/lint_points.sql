set 'table.local-time-zone' = 'Asia/Shanghai';
create table up (imei varchar, orderId varchar, kind varchar, channel varchar, w double, t int, data varchar) with (type='datahub');
create table p (metric varchar, `timestamp` int, `value` int, imei varchar, request_id varchar, c varchar) with (type='hitsdb', host='h');
create table q (metric varchar, `timestamp` int, `value` decimal(20, 2), imei varchar, c varchar) with (type='OpenTSDB', host='h');
create table r (metric varchar, `timestamp` bigint, `value` varchar, imei varchar) with (type='tsdb');
create table good (metric varchar, `timestamp` bigint, `value` double, imei varchar, c varchar) with (type='hitsdb', host='h');
create table other (metric varchar, `timestamp` int, `value` int, msgid varchar) with (type='print');
-- fires: by the tag's name, by the source's column, by the path, by what never repeats
insert into p select 'power', t, t, imei, channel, orderId from up;
insert into good select 'power', t, w, imei, json_value(data, '$.a.msgId') from up;
insert into good select 'power', t, w, imei, uuid() from up;
insert into good select 'power', t, w, imei, concat('a', cast(__lsn as varchar)) from up;
insert into good select 'power', t, w, imei, cast(unix_timestamp() as varchar) from up;
-- fires: characters
insert into good select 'power of charger', t, w, imei, 'a|b' from up;
insert into good select case when kind = 'x' then 'p%' else '功率' end, t, w, imei, '' from up;
insert into good select concat('power ', kind), t, w, imei, channel from (select * from up union all select * from up);
-- does not fire: a constant, a device, a channel, all characters that are taken; a sink of another kind
insert into good select '充电-power_1./():,[]=''#', t, w, imei, channel from up;
insert into other select 'a b', t, t, uuid() from up;
