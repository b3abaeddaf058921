The other CronJob is moved: the deadlines move with it
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective before dwh/mail which-fires "0 6 * * *" in-a-file
2026-11-18 03:00 objective before dwh/mail which-fires "0 9 * * *" in-a-file
2026-11-18 06:01 tick
2026-11-18 09:01 tick
---
2026-11-18 09:01:00 MISSED the deadline 2026-11-18 09:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident c4bec7fc-1d7c-560a-87fe-185da4c26ae7
    id dc77a5b6-cafa-588c-8cd9-f6b1eb7a8a3d
