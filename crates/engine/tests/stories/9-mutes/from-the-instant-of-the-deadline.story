A mute is in force from its first instant on, and not at its last one
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute one of dwh/report from 2026-11-20 12:00 until 2026-11-20 12:00:01
2026-11-20 07:00 mute two of dwh/report from 2026-11-21 11:00 until 2026-11-21 12:00
2026-11-20 12:00:30 tick
2026-11-20 12:00:31 tick
2026-11-21 12:00:30 tick
---
2026-11-20 12:00:30 muted: the deadline 2026-11-20 12:00:00, complete-by, never_started
2026-11-20 12:00:31 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-20 08:00:00
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    1 successes before, the last ended 2026-11-19 08:50:00
    id 50538135-6692-5f1d-ab95-eee803cbf150
2026-11-21 12:00:30 MISSED the deadline 2026-11-21 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-21 08:00:00
    miss 2 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    1 successes before, the last ended 2026-11-19 08:50:00
    id bcb55945-c93f-5afd-b855-c20bc6e0a237
