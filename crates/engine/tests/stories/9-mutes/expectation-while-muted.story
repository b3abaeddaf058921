A run that does no work in a mute is alerted when the mute ends, before the deadline
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team expect "{minDuration: 5m}"
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute one of dwh/report until 2026-11-20 10:00
2026-11-20 08:00 job short runs for 2026-11-20 08:00
2026-11-20 08:01 job short succeeds
2026-11-20 08:02 tick
2026-11-20 10:01 tick
2026-11-20 11:00 job good runs for 2026-11-20 08:00
2026-11-20 11:10 job good succeeds
---
2026-11-20 08:02:00 muted: the deadline 2026-11-20 12:00:00, complete-by, expectation
2026-11-20 10:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it did not do what is expected: it took 60 s, expected is at least 5 min
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    job short of 2026-11-20 08:00:00
    1 successes before, the last ended 2026-11-19 08:50:00
    id 50538135-6692-5f1d-ab95-eee803cbf150
2026-11-20 11:10:00 RETRACTED the deadline 2026-11-20 12:00:00 was met, complete-by of prod/dwh/report (Asia/Tokyo)
    the result was there at 2026-11-20 11:10:00
    0 still missed in incident 2c98e889-db86-5234-95c0-c82f93bcda41
    job good of 2026-11-20 08:00:00
    id d86ba1ea-eb5f-5fdd-b304-19962c299b0c
