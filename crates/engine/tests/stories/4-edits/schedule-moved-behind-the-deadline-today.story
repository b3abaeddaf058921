A schedule moved to between today's deadline and the edit: the run of that hour is made tomorrow, for tomorrow's deadline
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 11 * * *"
2026-11-16 20:00 objective complete-by "0 12 * * *"
2026-11-17 11:00 job one created for 2026-11-17 11:00
2026-11-17 11:20 job one succeeds
2026-11-17 12:01 tick
2026-11-17 13:00 cronjob "30 12 * * *" last-scheduled 2026-11-17 11:00
2026-11-18 11:00 job made-up created for 2026-11-17 12:30
2026-11-18 11:20 job made-up succeeds
2026-11-18 12:01 tick
2026-11-18 12:30 job two created for 2026-11-18 12:30
2026-11-18 12:50 job two succeeds
2026-11-19 12:01 tick
2026-11-20 12:01 tick
---
2026-11-20 12:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 12:30:00
    miss 1 of incident 4b30e8d6-127c-5ebe-a76a-8f70882ec691
    3 successes before, the last ended 2026-11-18 12:50:00
    id 7e971cae-b5ea-579f-979d-1e8d2b63b0ed
