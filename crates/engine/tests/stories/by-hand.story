A failed run repeated by hand in the afternoon recovers today's miss and does not count for tomorrow
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:20 job two fails
2026-11-19 06:01 tick
2026-11-19 14:00 job two-by-hand created
2026-11-19 14:30 job two-by-hand succeeds
2026-11-20 06:01 tick
