The numbers of a run may be observed after its end, within the settle
# Jobs and pods are watched by streams of their own.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 08:00 job full runs for 2026-11-02 08:00
2026-11-02 08:50 job full succeeds
2026-11-02 08:50:20 tick
2026-11-02 08:50:21 pod p of full succeeds reporting rows=1000
2026-11-02 08:50:31 tick
2026-11-02 12:00:30 tick
---
Nothing is said.
