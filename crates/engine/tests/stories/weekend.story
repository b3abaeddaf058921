A weekday job with a daily deadline: silence at the weekend, one warning about the objective
# 21 and 22 November 2026 are a Saturday and a Sunday.
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * 1-5"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job thu created for 2026-11-19 01:00
2026-11-19 01:30 job thu succeeds
2026-11-20 01:00 job fri created for 2026-11-20 01:00
2026-11-20 01:30 job fri succeeds
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-20 06:01 tick
2026-11-21 06:01 tick
2026-11-22 06:01 tick
2026-11-23 01:00 job mon created for 2026-11-23 01:00
2026-11-23 01:30 job mon succeeds
2026-11-23 06:01 tick
2026-11-28 06:01 tick
