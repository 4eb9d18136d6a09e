create table s (a varchar, b varchar) with (type='datahub');
create table t (a varchar, b varchar) with (type='print');
insert into t select a, 'open from s where b = '1';
insert into t select a, c2 from s where b = '2';
insert into t select a from s;
