A mute that repeats: each Saturday from 11:00 for two hours
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
# 21 and 28 November 2026 are Saturdays.
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute one of dwh/report until 2026-12-31 00:00 at "0 11 * * 6" for 2h
2026-11-20 08:00 daily 1 runs of 50m
2026-11-20 12:01 tick
2026-11-21 12:01 tick
2026-11-21 12:30 job by-hand runs for 2026-11-21 08:00
2026-11-21 12:59 job by-hand succeeds
2026-11-21 13:01 tick
2026-11-22 12:01 tick
---
2026-11-21 12:01:00 muted: the deadline 2026-11-21 12:00:00, complete-by, never_started
2026-11-22 12:01:00 MISSED the deadline 2026-11-22 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-22 08:00:00
    miss 1 of incident 65c11ff5-af8b-5602-bd55-43081240ba07
    3 successes before, the last ended 2026-11-21 12:59:00
    id 0ff78ad1-cf13-582e-901e-ede006996e2d
