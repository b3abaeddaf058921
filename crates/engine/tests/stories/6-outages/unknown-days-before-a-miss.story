A range of unknown deadlines ends with a miss, and is reported before it
batch prod/dwh/report
zone UTC

2026-11-14 20:00 cronjob "0 1 * * *"
2026-11-14 20:00 objective complete-by "0 6 * * *"
2026-11-15 00:30 tick
2026-11-18 12:00 cronjob says last-succeeded 2026-11-18 10:30
2026-11-18 12:00 job three fails BackoffLimitExceeded at 2026-11-17 01:10 for 2026-11-17 01:00
2026-11-18 12:00 gap since 2026-11-15 00:30
2026-11-18 12:00 tick
---
2026-11-18 12:00:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job three of 2026-11-17 01:00:00
    id 08beb3d0-50d4-5732-b79c-34bc8fed4f9e
2026-11-18 12:00:00 UNKNOWN the deadline 2026-11-16 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-15 00:30:00 to 2026-11-18 12:00:00
    id 5fa9eda2-c32a-5e7b-8bfb-45377cffe703
2026-11-18 12:00:00 MISSED the deadline 2026-11-17 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 6ff4be40-aa74-5803-9081-d3b6c313cf49
    job three of 2026-11-17 01:00:00
    id 71c1da19-50d6-5e32-87da-f5d646e39181
2026-11-18 12:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-15 00:30:00 to 2026-11-18 12:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
