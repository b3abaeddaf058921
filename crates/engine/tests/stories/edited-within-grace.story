A deadline edited five minutes after it, within grace: the old one is still judged
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *" grace 10m
2026-11-19 06:05 objective complete-by "0 9 * * *" grace 10m
2026-11-19 06:11 tick
2026-11-20 01:00 job three created for 2026-11-20 01:00
2026-11-20 08:00 job three succeeds
2026-11-20 09:11 tick
