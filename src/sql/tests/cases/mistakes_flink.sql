set 'rookery.dialect' = 'flink';
create table up (imei string, value double, `order` string, n int) with ('connector'='tcp');
create table out (imei string, n int) with ('connector'='print');
insert into out select imei, n * 2 as m from up where m > 2;
insert into out select imei + 'a', n from up;
insert into out select imei, n from up where (n > 1) || (n < 0);
insert into out select up.`order`, n from up;
create table w1 (ts timestamp, watermark for ts as ts - interval '5' second) with ('connector'='tcp');
create table w2 (ts timestamp_ltz(3), watermark for ts as ts - interval '5' second) with ('connector'='tcp');
