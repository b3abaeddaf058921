A deadline moved later before it came: the slot runs to the new one
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 05:00 objective complete-by "0 8 * * *"
2026-11-18 06:01 tick
2026-11-18 07:00 job one succeeds
2026-11-18 08:01 tick
2026-11-19 08:01 tick
---
2026-11-19 08:01:00 MISSED the deadline 2026-11-19 08:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 423f8c72-d2af-5e86-8022-0bf75bb65274
    1 successes before, the last ended 2026-11-18 07:00:00
    id 4ada7032-8879-5e53-9a3a-6353969d01e2
