A selector that no longer selects a CronJob does not come back when the CronJob is deleted later that day
batch prod/dwh/report
zone UTC

2026-11-17 05:00 cronjob "0 1 * * *"
2026-11-17 05:00 objective complete-by "0 6 * * *" named nightly by-a-selector
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 06:01 tick
2026-11-18 09:00 objective withdrawn named nightly
2026-11-18 15:00 cronjob deleted
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
Nothing is said.
