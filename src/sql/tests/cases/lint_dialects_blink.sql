set 'table.local-time-zone' = 'Asia/Shanghai';
create table up (imei varchar, n int, m bigint, d double, `at` varchar, data varchar) with (type='datahub');
create table out (a varchar, b varchar, c double) with (type='print');
-- fires: an object as text, told by the longer path; a wildcard; an object read again
insert into out select json_value(data, '$.order'), json_value(data, '$.list[*].no'), d from up where json_value(data, '$.order.id') = 'x';
insert into out select json_value(json_value(data, '$.inner'), '$.x'), imei, d from up;
-- fires once a rule: CAST of text, in three places
insert into out select imei, cast(cast(json_value(data, '$.p') as int) as varchar), cast(json_value(data, '$.q') as double) from up where cast(imei as bigint) > 5;
-- fires
insert into out select imei, cast(unix_timestamp(`at`) as varchar), n / m from up;
insert into out select concat(imei, '-', `at`), imei, (n + 1) / 2 from up;
insert into out select json_query(data, '$.o'), json_object('b' value n, 'a' value m), d from up;
-- does not fire: JSON that is only tested, or read again; keys in their order
insert into out select json_value(json_query(data, '$.o'), '$.a'), json_object('a' value n, 'b' value m), d from up where json_query(data, '$.o') is not null;
-- does not fire: TRY_CAST, a constant, no text; a constant time; an integer is asked for; DOUBLE; NULL replaced or propagated by ||
insert into out select cast(n as varchar), cast(try_cast(json_value(data, '$.p') as int) as varchar), cast('7' as double) from up;
insert into out select cast(unix_timestamp('2026-11-23 10:00:00') as varchar), cast(cast(n / m as int) as varchar), n / d from up;
insert into out select concat('a', coalesce(imei, ''), 'b'), imei || `at`, json_value(data, '$.r') from up;
-- fires: a backslash in LIKE; not where ESCAPE says it, without `_`, in SIMILAR TO
insert into out select imei, imei, d from up where imei like 'dev\_%' and imei like 'dev\_%' escape '\' and imei like 'a\%' and imei like 'dev_%' and imei similar to 'a\_';
