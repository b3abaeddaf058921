A CronJob that counts from its last run names no time before which something could be there
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective before dwh/mail which-fires "@every 1h" in-a-file
---
2026-11-16 20:00:00 WARNING objective `complete-by` of prod/dwh/report is not judged: the schedule `@every 1h` counts from the last run and names no time before which something could be there; say `completeBy`
