A run that wrote too little is missed when it ends, not at the deadline
# The verdict waits 30 seconds for what is observed late, as at a deadline. The next day's run recovers it.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 08:00 job empty runs for 2026-11-02 08:00
2026-11-02 08:50 pod p of empty succeeds reporting rows=12
2026-11-02 08:50 job empty succeeds
2026-11-02 08:50:29 tick
2026-11-02 08:50:30 tick
2026-11-02 12:00:30 tick
2026-11-03 08:00 job full runs for 2026-11-03 08:00
2026-11-03 08:50 pod q of full succeeds reporting rows=1000
2026-11-03 08:50 job full succeeds
2026-11-03 12:00:30 tick
---
2026-11-02 08:50:30 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 12, expected is at least 1000
    miss 1 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job empty of 2026-11-02 08:00:00, pod p which reported rows 12
    id 70eef4be-4363-54be-9f26-7993ff8584ce
2026-11-03 08:50:00 RECOVERED 1250m00s after the deadline, complete-by of prod/ml/recommend (UTC)
    1 missed since 2026-11-02 12:00:00, incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463 is over
    the result of a later slot: job full of 2026-11-03 08:00:00, pod q which reported rows 1000
    id 08e0ba59-31c1-54e9-980c-fe2b2508e988
