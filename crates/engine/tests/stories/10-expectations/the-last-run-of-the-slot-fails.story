Once the last run of the slot has failed, and what succeeded before did no work, the deadline is missed
# Of the slot the schedule makes runs at 9, 10 and 11. What is observed late is waited for from the end of the last one on.
batch prod/ml/hourly
zone UTC

2026-11-01 07:00 cronjob "0 9-11 * * *"
2026-11-01 07:00 objective complete-by "0 15 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 09:00 job nine runs for 2026-11-02 09:00
2026-11-02 09:10 pod p of nine succeeds reporting rows=12
2026-11-02 09:10 job nine succeeds
2026-11-02 10:00 job ten runs for 2026-11-02 10:00
2026-11-02 10:10 job ten fails
2026-11-02 11:00 job eleven runs for 2026-11-02 11:00
2026-11-02 11:10 job eleven fails
2026-11-02 11:10:29 tick
2026-11-02 11:10:30 tick
---
2026-11-02 10:10:00 RUN FAILED, complete-by of prod/ml/hourly (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job ten of 2026-11-02 10:00:00
    id 2617400f-0c79-59a4-8b7c-9acf760c8d8f
2026-11-02 11:10:00 RUN FAILED, complete-by of prod/ml/hourly (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job eleven of 2026-11-02 11:00:00
    id fec6b1be-2e3c-5c61-9809-982317a974f0
2026-11-02 11:10:30 MISSED the deadline 2026-11-02 15:00:00, complete-by of prod/ml/hourly (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 70158859-ef1d-5925-b30a-8bd8f542ae5d
    job eleven of 2026-11-02 11:00:00
    id 7d842a30-59c3-5362-a7bb-1b85b261982f
