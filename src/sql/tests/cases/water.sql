-- Orders that water dispensers report, and what each of them drew.
create table device_up (
  `id` varchar, `imei` varchar, `pk` varchar, `type` varchar, `data` varchar, `profile` varchar
) with (
  type = 'datahub', endPoint = 'http://dh.example', `scan.mode` = 'latest', accessKey = '***'
);
CREATE TABLE water_bill (
  order_id VARCHAR, device VARCHAR, litres DECIMAL(8, 2), cents INT, note VARCHAR(20),
  PRIMARY KEY (order_id)
) WITH (type = 'rds', url = '***');

-- rule: bill_single
insert into water_bill
select json_value(`data`, '$.Order.Id'), imei,
       cast(json_value(`data`, '$.Order.Volume') as decimal(8, 2)),
       cast(json_value(`data`, '$.Order.Price') as int),
       case when `profile` is null then '散客' else 'member ' || `profile` end
from device_up
where `type` in ('08', '09') and json_value(`data`, '$.Flag') not in ('99');

insert into water_bill (device, order_id)
select imei, json_value(`data`, '$.Orders[*].Id') from device_up
where `type` = '0A' and json_value(`data`, '$.Orders[0]') is not null;

insert into water_bill (order_id) values ('probe-1'), (null);
