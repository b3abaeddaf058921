Several misses in a mute are one alert when it ends, which counts them
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute one of dwh/report until 2026-11-23 07:00
2026-11-20 12:01 tick
2026-11-21 12:01 tick
2026-11-22 12:01 tick
2026-11-23 07:01 tick
2026-11-23 12:01 tick
2026-11-23 13:00 job again succeeds made 2026-11-23 08:00 for 2026-11-23 08:00
---
2026-11-20 12:01:00 muted: the deadline 2026-11-20 12:00:00, complete-by, never_started
2026-11-21 12:01:00 muted: the deadline 2026-11-21 12:00:00, complete-by, never_started
2026-11-22 12:01:00 muted: the deadline 2026-11-22 12:00:00, complete-by, never_started
2026-11-23 07:01:00 MISSED the deadline 2026-11-22 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-22 08:00:00
    miss 3 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    1 successes before, the last ended 2026-11-19 08:50:00
    id 0ff78ad1-cf13-582e-901e-ede006996e2d
2026-11-23 12:01:00 MISSED the deadline 2026-11-23 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-23 08:00:00
    miss 4 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    1 successes before, the last ended 2026-11-19 08:50:00
    id 851d889d-026b-5590-a89c-4f6d3d1e3bdc
2026-11-23 13:00:00 RECOVERED 60m00s after the deadline, complete-by of prod/dwh/report (Asia/Tokyo)
    4 missed since 2026-11-20 12:00:00, incident 2c98e889-db86-5234-95c0-c82f93bcda41 is over
    job again of 2026-11-23 08:00:00
    id 925e0663-c145-5299-8af3-8be777590ade
