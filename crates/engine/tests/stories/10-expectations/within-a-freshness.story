A fire behind the deadline is none of the slot where a freshness is given, however long the grace
batch prod/ml/recommend
zone UTC

2026-10-31 07:00 cronjob "30 1 * * *"
2026-10-31 07:00 objective complete-by "0 6 * * *" grace 30h freshness 7h expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 01:30 job empty runs for 2026-11-02 01:30
2026-11-02 08:50 pod p of empty succeeds reporting rows=12
2026-11-02 08:50 job empty succeeds
2026-11-02 08:51 tick
---
Nothing is said.
