`starts` beside `before:` is read in the objective's own zone, not in that of the other CronJob
batch prod/ml/report
zone UTC

2026-10-19 00:14:59 objective before dwh/reader which-fires "11 3 * * *" in UTC zone America/New_York grace 108000s starts "5 3 * * *" of-jobs by-an-object
2026-10-19 10:28:35 job one succeeds at 2026-10-19 10:28:32 made 2026-10-19 08:54:11
2026-10-21 10:00 tick
---
Nothing is said.
