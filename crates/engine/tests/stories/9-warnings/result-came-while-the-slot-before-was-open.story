A slot whose result came while the slot before it was open is not at risk
# With a grace of 22 hours the slot of the 10th is open until 10:00 on the 11th. The run by hand would be late on the 12th.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" grace 22h
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 08:00 job good runs for 2026-11-11 08:00
2026-11-11 08:50 job good succeeds
2026-11-11 09:00 job by-hand runs
2026-11-11 10:01 tick
2026-11-12 02:00 tick
---
Nothing is said.
