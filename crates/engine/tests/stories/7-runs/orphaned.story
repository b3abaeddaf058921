A CronJob that is deleted and leaves its running Job behind (--cascade=orphan): its success in time still counts
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one runs
2026-11-19 02:00 cronjob deleted
2026-11-19 03:00 job one succeeds
2026-11-19 06:01 tick
---
Nothing is said.
