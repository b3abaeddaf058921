A run that is made ahead for a later slot is judged once that slot has begun
# The Jobs have no schedule, so no further run is expected. The slot of the 3rd begins at 12:00 on the 2nd.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 objective complete-by "0 12 * * *" of-jobs in-a-file expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 07:00 job ahead runs marked 2026-11-03
2026-11-02 07:30 job ahead succeeds
2026-11-02 07:31 tick
2026-11-02 08:00 job today runs
2026-11-02 08:50 job today succeeds
2026-11-02 08:51 tick
2026-11-02 11:59 tick
2026-11-02 12:00 tick
---
2026-11-02 08:51:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows was not reported
    miss 1 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job today of 2026-11-02 08:00:00
    id 70eef4be-4363-54be-9f26-7993ff8584ce
2026-11-02 12:00:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows was not reported
    miss 2 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job ahead of 2026-11-02 07:00:00
    2 successes before, the last ended 2026-11-02 08:50:00
    id 5c43e86d-45ff-5df5-85a8-2c106e11a3a7
