While another run of the slot is under way, nothing is missed; what it came to is the cause
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 08:00 job empty runs for 2026-11-02 08:00
2026-11-02 08:40 job again runs
2026-11-02 08:50 pod p of empty succeeds reporting rows=12
2026-11-02 08:50 job empty succeeds
2026-11-02 08:51 tick
2026-11-02 09:30 job again fails
2026-11-02 09:31 tick
---
2026-11-02 09:30:00 RUN FAILED, complete-by of prod/ml/recommend (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job again of 2026-11-02 08:40:00
    id f0c6445e-09b8-5e61-a121-0749257624a5
2026-11-02 09:31:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    job again of 2026-11-02 08:40:00
    id 70eef4be-4363-54be-9f26-7993ff8584ce
