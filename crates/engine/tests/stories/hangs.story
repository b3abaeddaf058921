Three misses in a row are one incident, and one success ends it once
# The job hangs; the next two days' runs wait behind it.
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 02:00 job one succeeds
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 pod two-1 of two runs
2026-11-19 01:00 job two runs
2026-11-19 06:01 tick
2026-11-20 06:01 tick
2026-11-21 06:01 tick
2026-11-21 09:00 job two deleted
2026-11-21 09:01 job three created for 2026-11-21 01:00
2026-11-21 09:01 job three runs
2026-11-21 09:40 job three succeeds
2026-11-22 01:00 job four created for 2026-11-22 01:00
2026-11-22 01:00 job four runs
2026-11-22 02:00 job four succeeds
2026-11-22 06:01 tick
