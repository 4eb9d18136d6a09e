create table s (k varchar, v int, ts timestamp, arr varchar, watermark wm for ts as withOffset(ts, 5000)) with (type='datahub');
create table dim (k varchar, name varchar, primary key (k), period for system_time) with (type='rds');
create table t (k varchar, v double) with (type='print');
create table other (k varchar, v int, ts timestamp) with (type='datahub');
create view parts as select k, x from s, lateral table(json_tuple(arr, 'a', 'b')) as j(x, y);
insert into t select k, 1 from parts;
insert into t select k, x from s cross join unnest(arr) as u(x);
insert into t select k, v from (select *, row_number() over (partition by k order by ts desc) as rn from s) where rn = 1;
insert into t select a.k, b.v from s a left join other b on a.k = b.k and b.ts between a.ts and a.ts + interval '10' second;
insert into t select k, x from s match_recognize (
  partition by k order by ts measures a.v as x one row per match show timeout matches
  after match skip to next row pattern (a b) within interval '10' second define a as a.v = 1, b as b.v = 2) as m;
insert into t select k, count(*) from s group by tumble(ts, interval '1' minute), k;
insert into t select window_start, sum(v) from table(tumble(table s, descriptor(ts), interval '1' minute)) group by window_start;
insert into t select s.k, v from s join dim for system_time as of proctime() as d on s.k = d.k;
insert into t select distinct k, v from s;
insert into t select k, v from s order by ts limit 10;
insert into t select k, count(*) from s group by k emit with delay '1' minute before watermark;
insert into t select k, v from s union select k, v from other;
insert into t select upper(k), cast(date_format(ts, 'HH') as int) from s where ts > current_timestamp;
insert into t select k, map['a', 1]['a'] from s where k is json and exists (select 1 from other);
insert into t select s.k, missing.v from s join nowhere as missing on s.k = missing.k;
insert into t /*+ OPTIONS('sink.parallelism' = '2') */ select k, json_exists(arr, '$.a' error on error) from s;
