An objective taken out of its file is judged no more, whatever became of its CronJob
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *" in-a-file
2026-11-18 02:00 objective withdrawn
2026-11-18 02:00 cronjob deleted
2026-11-18 06:01 tick
2026-11-19 06:01 tick
---
Nothing is said.
