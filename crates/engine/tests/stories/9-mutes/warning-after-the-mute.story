A warning of a deadline after the mute comes when the mute has ended
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-20 08:00 daily 10 runs of 50m
2026-11-30 07:00 mute one of dwh/report until 2026-11-30 11:30
2026-11-30 11:20 tick
2026-11-30 11:30 tick
---
2026-11-30 11:30:00 AT RISK the deadline 2026-11-30 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    no run has begun, expected 2026-11-30 08:00:00: nine in ten of 10 runs need 50m00s
    7 successes before
    id 69e070d5-6878-5099-aba3-86b9520fc5c3
