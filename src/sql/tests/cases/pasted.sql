-- Text pasted from a chat: full-width punctuation, typographic quotes.
create table 来源（`设备` varchar，`类型` varchar） with （type = ‘datahub’）；
create table 结果 (设备 varchar, 说明 varchar) with (type='print');
insert into 结果 select 设备, '全角；，（）在文本里没有关系' from 来源 where `类型` = '０８'；
insert into 结果 select _UTF16'中文', U&'\4e2d\6587' from 来源 where N'是' <> 设备；
