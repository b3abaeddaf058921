A holiday on a Monday is excused, and no warning comes before its deadline
# 23 November 2026 is a Monday, and a holiday. Twelve runs took 50 minutes, so that from 11:10 on it would be too late.
batch prod/dwh/report
zone Asia/Tokyo

2026-11-08 07:00 calendar shop off 2026-11-23
2026-11-08 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-08 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-09 08:00 daily 12 runs of 50m
2026-11-21 12:01 tick
2026-11-22 12:01 tick
2026-11-23 11:10 tick
2026-11-23 12:01 tick
2026-11-24 11:10 tick
2026-11-24 12:01 tick
---
2026-11-24 11:10:00 AT RISK the deadline 2026-11-24 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    no run has begun, expected 2026-11-24 08:00:00: nine in ten of 12 runs need 50m00s
    7 successes before
    id 4e207cdc-9b8b-597c-86d5-4fadca7c7d23
2026-11-24 12:01:00 MISSED the deadline 2026-11-24 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-24 08:00:00
    miss 1 of incident 59379af0-970c-5b5a-9b5a-43359beeed9e
    7 successes before, the last ended 2026-11-20 08:50:00
    id 467f624d-a17f-5241-8d18-5fa3fea8b871
