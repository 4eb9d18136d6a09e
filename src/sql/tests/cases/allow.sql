set 'table.local-time-zone' = 'Asia/Shanghai';
create table up (imei varchar, n int, data varchar) with (type='datahub');
create table out (a varchar, b double) with (type='print');
insert into out select 中文, n / 2 from up; -- rookery:allow(E0301, E0313)
-- rookery:allow(E0313)
-- the second comment between, and a blank line

insert into out select imei,
  n / 3 from up;
insert into out select imei,
  -- Rookery:allow means nothing; this one does: the next line
  -- rookery:allow(e0313)
  n / 4 from up;
-- rookery:allow(E0999, E0202 , E0310)
-- rookery:allow
-- rookery:allow()
-- rookery:allow E0310
insert into out select imei, 1 from up; /* rookery:allow(E0310) is only read after two dashes */
