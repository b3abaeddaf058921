A job of three days with a deadline each day: one run may serve several slots
# Thursday's result is good until Monday 01:00; on Monday at noon it is four days and eleven hours old.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * 1,4"
2026-11-16 20:00 objective complete-by "0 12 * * *" freshness 4d
2026-11-16 20:00 job mon created for 2026-11-16 01:00
2026-11-17 11:00 job mon succeeds
2026-11-19 01:00 job thu created for 2026-11-19 01:00
2026-11-19 01:00 job thu runs
2026-11-19 11:00 job thu succeeds
2026-11-19 12:01 tick
2026-11-20 12:01 tick
2026-11-21 12:01 tick
2026-11-22 12:01 tick
2026-11-23 12:01 tick
---
2026-11-23 12:01:00 MISSED the deadline 2026-11-23 12:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 12:00:00
    miss 1 of incident 16962512-02ad-555a-9c64-cab9ac910bf6
    2 successes before, the last ended 2026-11-19 11:00:00
    id 6374cb5a-b803-53d0-a262-d8c24cdce75b
