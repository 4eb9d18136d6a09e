set 'rookery.dialect' = 'flink';
create table s (body varchar, d date, at_time timestamp(3), e varchar) with ('connector'='datahub');
create table t (v varchar) with ('connector'='print');
-- fires: a text that each message tells
insert into t select e from s where e < d;
insert into t select e from s where at_time = json_value(body, '$.at');
insert into t select e from s where json_value(body, '$.n') > 40;
-- does not fire: a constant, a CAST
insert into t select e from s where d = '2026-11-22' and cast(e as date) = d;
