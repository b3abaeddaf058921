A start 40 seconds after midnight counts by the scheduled time
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 0 * * *"
2026-11-17 20:00 objective complete-by "0 0 * * *"
2026-11-18 00:00:40 job one created for 2026-11-18 00:00
2026-11-18 00:20 job one succeeds
2026-11-19 00:01 tick
2026-11-20 00:01 tick
---
2026-11-20 00:01:00 MISSED the deadline 2026-11-20 00:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 00:00:00
    miss 1 of incident 721c1f84-6afa-52a4-87d1-d7cf27b880df
    1 successes before, the last ended 2026-11-18 00:20:00
    id 70660387-f38d-5bf9-add6-fd2f5abf549c
