After an outage it is the same: a success after the mute had ended recovers a miss that is alerted first
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute one of dwh/report until 2026-11-20 15:00
2026-11-20 16:00 job again succeeds made 2026-11-20 09:00 for 2026-11-20 08:00
2026-11-20 20:00 tick
---
2026-11-20 20:00:00 muted: the deadline 2026-11-20 12:00:00, complete-by, still_running
2026-11-20 20:00:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it is still running since 2026-11-20 09:00:00
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    job again of 2026-11-20 08:00:00
    1 successes before, the last ended 2026-11-19 08:50:00
    id 50538135-6692-5f1d-ab95-eee803cbf150
2026-11-20 20:00:00 RECOVERED 240m00s after the deadline, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed since 2026-11-20 12:00:00, incident 2c98e889-db86-5234-95c0-c82f93bcda41 is over
    job again of 2026-11-20 08:00:00
    id 925e0663-c145-5299-8af3-8be777590ade
