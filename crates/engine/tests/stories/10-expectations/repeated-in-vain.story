A repetition that breaks the expectation, too, is no further miss, and ends none
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 08:00 job empty runs for 2026-11-02 08:00
2026-11-02 08:50 pod p of empty succeeds reporting rows=12
2026-11-02 08:50 job empty succeeds
2026-11-02 08:51 tick
2026-11-02 10:00 job again runs
2026-11-02 10:50 pod q of again succeeds reporting rows=13
2026-11-02 10:50 job again succeeds
2026-11-02 10:51 tick
2026-11-02 12:10 job late runs
2026-11-02 12:50 pod r of late succeeds reporting rows=14
2026-11-02 12:50 job late succeeds
2026-11-02 13:00 tick
2026-11-03 08:00 job next runs for 2026-11-03 08:00
2026-11-03 08:50 pod s of next succeeds reporting rows=15
2026-11-03 08:50 job next succeeds
2026-11-03 08:51 tick
---
2026-11-02 08:51:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 12, expected is at least 1000
    miss 1 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job empty of 2026-11-02 08:00:00, pod p which reported rows 12
    id 70eef4be-4363-54be-9f26-7993ff8584ce
2026-11-03 08:51:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 15, expected is at least 1000
    miss 2 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job next of 2026-11-03 08:00:00, pod s which reported rows 15
    3 successes before, the last ended 2026-11-02 12:50:00
    id 5c43e86d-45ff-5df5-85a8-2c106e11a3a7
