create table up (imei varchar, `at` varchar, ts timestamp) with (type='datahub');
create table out (a varchar, b bigint) with (type='print');
insert into out select imei, 1 from up;
insert into out select from_unixtime(1), unix_timestamp(`at`) from up;
insert into out select cast(current_date as varchar), 1 from up;
