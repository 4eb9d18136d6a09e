set 'rookery.dialect' = 'flink';
create table s (n int, a timestamp(3), b timestamp(3), d date, e date) with ('connector'='datahub');
create table t (v varchar) with ('connector'='print');
insert into t select cast((a - b) day as varchar) from s;
insert into t select cast((d - e) month as varchar) from s;
insert into t select cast(cast(n as interval minute) as varchar) from s;
insert into t select cast(cast(interval '3' hour as int) as varchar) from s;
insert into t select U&'!4E2D' uescape '!' from s where a > timestamp with local time zone '2026-11-22 10:00:00';
insert into t select 'x' from s where exists (select 1) and (a, b) overlaps (b, a);
