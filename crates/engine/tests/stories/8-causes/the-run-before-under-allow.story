Under concurrencyPolicy Allow the run before is not in the way of the one that never started
batch prod/dwh/report
zone UTC

2026-11-18 13:39 cronjob "*/2 * * * *" concurrency Allow
2026-11-18 13:39 objective complete-by "1-59/2 * * * *" settle 30s
2026-11-18 13:40 job one created for 2026-11-18 13:40
2026-11-18 13:40 job one runs
2026-11-18 13:44 tick
---
2026-11-18 13:44:00 MISSED the deadline 2026-11-18 13:41:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-18 13:40:00
    miss 1 of incident a805c170-a1b7-57c6-aca9-21af599a74f4
    job one of 2026-11-18 13:40:00
    id 6804820b-f55a-5afe-8e03-681a7a876c4e
2026-11-18 13:44:00 MISSED the deadline 2026-11-18 13:43:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 13:42:00
    miss 2 of incident a805c170-a1b7-57c6-aca9-21af599a74f4
    id b3189731-d0ef-50b5-9a8c-5cb18276cc97
