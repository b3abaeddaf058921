What a pod reported before it failed are no numbers of the result
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 08:00 job one runs for 2026-11-02 08:00
2026-11-02 08:10 pod p of one fails reason Error reporting rows=2000
2026-11-02 08:50 job one succeeds
2026-11-02 08:51 tick
2026-11-02 08:52 pod q of one succeeds reporting rows=1000
2026-11-02 12:01 tick
---
2026-11-02 08:51:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows was not reported
    miss 1 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job one of 2026-11-02 08:00:00, pod p which reported rows 2000
    id 70eef4be-4363-54be-9f26-7993ff8584ce
2026-11-02 08:52:00 RETRACTED the deadline 2026-11-02 12:00:00 was met, complete-by of prod/ml/recommend (UTC)
    the result was there at 2026-11-02 08:50:00
    0 still missed in incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job one of 2026-11-02 08:00:00, pod q which reported rows 1000
    id 4154e686-692c-5c8f-a7c0-4afbc8da4350
