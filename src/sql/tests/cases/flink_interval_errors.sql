set 'rookery.dialect' = 'flink';
create table s (n int, a timestamp(3)) with ('connector'='datahub');
create table t (v varchar) with ('connector'='print');
insert into t select cast((n - 1) day as varchar) from s;
insert into t select cast(cast(n as interval) as varchar) from s;
insert into t select U&'!4E2' uescape '!' from s;
insert into t select cast(timestamp with local time zone a as varchar) from s;
insert into t select cast(cast(interval '1' day + interval '2' day as int) as varchar) from s;
