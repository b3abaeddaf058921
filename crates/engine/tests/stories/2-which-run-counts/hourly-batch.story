An hourly batch with one deadline a day is met by any success of its window
batch prod/dwh/report
zone UTC

2026-11-17 05:00 cronjob "0 * * * *"
2026-11-17 05:00 objective complete-by "0 6 * * *"
2026-11-17 07:00 job early created for 2026-11-17 07:00
2026-11-17 07:10 job early succeeds
2026-11-17 08:00 job later created for 2026-11-17 08:00
2026-11-17 08:10 job later fails
2026-11-18 06:01 tick
# A fire exactly at the deadline belongs to the next slot.
2026-11-18 06:00 job at-six created for 2026-11-18 06:00
2026-11-18 06:10 job at-six succeeds
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
2026-11-17 08:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job later of 2026-11-17 08:00:00
    id 405dd51b-b091-5251-bb0e-d0afdbb7a59b
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 06:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    2 successes before, the last ended 2026-11-18 06:10:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
