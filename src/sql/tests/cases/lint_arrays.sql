create table up (imei varchar, data varchar, more varchar, path varchar) with (type='datahub');
create table out (a varchar, b varchar) with (type='print');
-- fires for `$.Powers`, once; for the outer of two arrays
insert into out select json_value(data, '$.Powers[0].Power'), json_value(data, '$.Powers[0].Channel') from up;
insert into out select json_value(data, '$.rows[0].cells[0]'), imei from up;
-- does not fire: another index, all of them, the array as a whole, another column's path that only a message tells
insert into out select json_value(data, '$.pair[0]'), json_value(data, '$.pair[1]') from up;
insert into out select json_value(data, '$.every[0]'), json_value(data, '$.every[*]') from up;
insert into out select json_value(data, '$.whole[0]'), json_value(data, '$.whole') from up;
insert into out select json_value(more, '$.hidden[0]'), json_value(more, path) from up;
insert into out select json_value(data, '$.last[3]'), imei from up;
