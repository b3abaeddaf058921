Bare Jobs in a gap: a run that is listed is evidence, and without one nobody can tell
batch prod/dwh/report
zone UTC

2026-11-16 04:00 objective complete-by "0 6 * * *" of-jobs in-a-file
2026-11-16 06:01 tick
2026-11-17 01:00 job one created
2026-11-17 01:00 job one runs
2026-11-17 05:01 gap since 2026-11-17 02:00
2026-11-17 06:01 tick
2026-11-18 05:01 gap since 2026-11-18 02:00
2026-11-18 06:01 tick
---
2026-11-17 06:01:00 MISSED the deadline 2026-11-17 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-17 01:00:00
    miss 1 of incident 6ff4be40-aa74-5803-9081-d3b6c313cf49
    job one of 2026-11-17 01:00:00
    id 71c1da19-50d6-5e32-87da-f5d646e39181
2026-11-18 06:01:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 02:00:00 to 2026-11-18 05:01:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
