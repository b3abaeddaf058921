In the slot in which an objective begins nothing is missed
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:30 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-01 08:00 job empty runs for 2026-11-01 08:00
2026-11-01 08:50 job empty succeeds
2026-11-01 08:51 tick
2026-11-01 12:00:30 tick
---
Nothing is said.
