create table up (imei varchar, kind varchar, n int, d double, ok boolean) with (type='datahub');
create table out (a varchar) with (type='print');
create view washers as select imei, 'washer' as kind, n from up;
-- never TRUE
insert into out select imei from up where kind = 'a' and kind = 'b';
insert into out select imei from up where kind in ('a', 'b') and n > 1 and kind in ('c', 'd');
insert into out select imei from up where kind = 'a' and kind <> 'a';
insert into out select imei from up where n > 5 and n < 3;
insert into out select imei from up where n between 9 and 1;
insert into out select imei from up where kind is null and kind = 'a';
insert into out select imei from up where kind = null;
insert into out select imei from up where kind not in ('a', null);
insert into out select imei from up where n = 'abc';
insert into out select imei from up where 1 = 2;
insert into out select imei from up where kind <> kind;
insert into out select imei from up where false and ok;
insert into out select imei from washers where kind = 'dryer' and n > 1;
insert into out select case kind when null then 'x' else imei end from up;
-- a part that lets nothing pass
insert into out select imei from up where kind = 'a' or kind = null;
-- always TRUE
insert into out select imei from up where 1 = 1 and kind = 'a';
insert into out select imei from up where kind <> 'a' or kind <> 'b';
insert into out select imei from up where n = n;
insert into out select imei from up where coalesce(kind, 'x') is not null;
insert into out select imei from washers where kind = 'washer' and n > 1;
-- neither
insert into out select imei from up where kind = 'a' or kind = 'b';
insert into out select imei from up where kind <> 'a' and kind <> 'b';
insert into out select imei from up where n > 3 and n < 5 and n <> 4 and kind in ('a', 'b') and kind in ('b', 'c');
insert into out select imei from up where n >= 5 and n <= 5 and kind is not null and kind = 'a';
insert into out select imei from up where kind in ('a', null) or ok is true or not ok;
insert into out select case kind when 'a' then 'x' else imei end from up where d = d + 1;
-- always TRUE, one of two
insert into out select imei from up where n >= 3 or n < 5;
insert into out select imei from up where kind = 'a' or kind <> 'a';
insert into out select imei from up where kind is null or kind is not null;
-- neither
insert into out select imei from up where n > 3 or n < 3;
insert into out select imei from up where n >= 3 or n <= 2;
insert into out select imei from up where kind is null or kind <> 'a';
insert into out select imei from up where kind is not null or n > 3;
