create table up (imei varchar) with (type='datahub');
create table out (a varchar) with (type='print');
insert into out select u&'#4e2d#6587' uescape '#' || U&'\4e2d' from up;
