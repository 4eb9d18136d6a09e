set 'table.local-time-zone' = 'Asia/Shanghai';
create table up (imei varchar, `at` varchar, ts timestamp, 日 as date_format(ts, 'YYYY-MM-DD')) with (type='datahub');
create table out (a varchar) with (type='print');
insert into out select date_format(ts, 'yyyy-mm-dd HH:MM:ss') from up;
insert into out select date_format(`at`, 'YYYY''年''', 'yyyyMMdd') from up;
insert into out select '中文' || from_unixtime(1, 'yyyy-MM-dd hh:mm') from up;
insert into out select date_format(ts, '%Y-%m-%d') from up;
insert into out select cast(to_timestamp(`at`, 'yyyyMMDD') as varchar) from up;
insert into out select cast(to_date(`at`, 'YYYYMMdd') as varchar) from up; -- rookery:allow(E0325)
-- Nothing wrong with these.
insert into out select date_format(ts, 'YYYY-''W''ww') || date_format(ts, 'yyyyDDD') || date_format(ts, 'hh:mm a') from up;
insert into out select date_format(ts, 'yyyy-MM-dd HH:mm:ss') || date_format(ts, `at`) || 'YYYY-MM-DD' from up;
