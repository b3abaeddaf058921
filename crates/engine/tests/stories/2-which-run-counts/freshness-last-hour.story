An hourly batch of which only the last hour's result counts
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 * * * *"
2026-11-16 20:00 objective complete-by "30 6 * * *" freshness 1h
2026-11-18 05:00 job five created for 2026-11-18 05:00
2026-11-18 05:10 job five succeeds
2026-11-18 06:00 job six created for 2026-11-18 06:00
2026-11-18 06:10 job six fails
2026-11-18 06:31 tick
---
2026-11-18 06:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job six of 2026-11-18 06:00:00
    id fe657e8a-96c3-59c4-89a8-c6f118ff99dd
2026-11-18 06:31:00 MISSED the deadline 2026-11-18 06:30:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1de9c6c9-8962-5269-8761-840c6223ef3d
    job six of 2026-11-18 06:00:00
    1 successes before, the last ended 2026-11-18 05:10:00
    id 5a23b6ae-8e99-5e65-b7bf-9d7f2fb43f27
