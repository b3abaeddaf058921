A number that a run does not report is one that is not as expected, also without a limit
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {}, auc: {min: 0.7}}}"
2026-11-02 08:00 job one runs for 2026-11-02 08:00
2026-11-02 08:50 pod p of one succeeds reporting auc=0.8
2026-11-02 08:50 job one succeeds
2026-11-02 08:51 tick
2026-11-03 08:00 job two runs for 2026-11-03 08:00
2026-11-03 08:50 job two succeeds
2026-11-03 08:51 tick
---
2026-11-02 08:51:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows was not reported
    miss 1 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job one of 2026-11-02 08:00:00, pod p which reported auc 0.8
    id 70eef4be-4363-54be-9f26-7993ff8584ce
2026-11-03 08:51:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: auc was not reported; rows was not reported
    miss 2 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job two of 2026-11-03 08:00:00
    1 successes before, the last ended 2026-11-02 08:50:00
    id 5c43e86d-45ff-5df5-85a8-2c106e11a3a7
