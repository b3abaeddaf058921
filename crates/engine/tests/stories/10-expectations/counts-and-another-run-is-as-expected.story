What counts is not warned of once another run of the slot does what is expected
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}, counts: true}"
2026-11-02 08:00 job empty runs for 2026-11-02 08:00
2026-11-02 08:20 job again runs
2026-11-02 08:50 pod p of empty succeeds reporting rows=12
2026-11-02 08:50 job empty succeeds
2026-11-02 08:51 tick
2026-11-02 08:55 pod q of again succeeds reporting rows=1000
2026-11-02 08:55 job again succeeds
2026-11-02 08:56 tick
2026-11-02 12:00:30 tick
---
Nothing is said.
