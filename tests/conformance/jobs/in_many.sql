CREATE TABLE up (
  imei STRING, `type` STRING, `time` STRING, `data` STRING, n INT, price DECIMAL(10,2), ok BOOLEAN
) WITH ('connector'='filesystem','path'='{dir}/in','format'='json');
CREATE TABLE o (imei STRING) WITH ('connector'='filesystem','path'='{dir}/out/o','format'='json');
INSERT INTO o SELECT imei FROM up WHERE `type` IN ('0700','0701','0702','0703','0704','0705','0706','0707','0708','0709','0710','0711','0712','0713','0714','0715','0716','0717','0718','0719','0720','0721','0722','0723','0724','0725','0726','0727','0728','0729','0730','0731','0732','0733','0734','0735','0736','0737','0738','0739','0740','0741','0742','0743','0744','0745','0746','0747','0748','0749','0750','0751','0752','0753','0754','0755','0756','0757','0758','0759');