set 'rookery.dialect' = 'flink';
create table s (body varchar, path varchar) with ('connector'='datahub');
create table t (v varchar) with ('connector'='print');
-- warnings: they find nothing
insert into t select json_value(body, '$.订单[x].y') from s;
insert into t select json_value(body, ' $.a') from s;
insert into t select json_query(body, '$[') from s;
insert into t select cast(json_exists(body, 'lax$.a') as varchar) from s;
-- paths of flink
insert into t select json_value(body, 'Powers[-1].W') from s;
insert into t select json_query(body, 'lax $..a[?(@.b >= 1 && @.c)][0:2]') from s where json_query(body, '$[1,2]') is not null;
