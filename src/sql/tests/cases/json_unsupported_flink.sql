set 'rookery.dialect' = 'flink';
create table s (body varchar) with ('connector'='datahub');
create table t (v varchar) with ('connector'='print');
-- errors: they mean something in Flink
insert into t select json_value(body, '$.a.length()') from s;
insert into t select json_query(body, '$[''a'',''b'']') from s;
insert into t select json_query(body, '$[?(@.a =~ /x/)]') from s;
insert into t select json_query(body, '$..a..b') from s;
