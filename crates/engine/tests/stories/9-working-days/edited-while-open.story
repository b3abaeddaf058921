A calendar that is edited before the deadline holds for the open slot; edited after it, the slot stays as it was planned
# 24 and 25 November 2026 are a Tuesday and a Wednesday.
batch prod/dwh/report
zone Asia/Tokyo

2026-11-23 07:00 calendar shop
2026-11-23 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-23 07:00 objective complete-by "0 12 * * *" grace 1h calendar shop
2026-11-23 08:00 daily 1 runs of 50m
2026-11-24 11:59 calendar shop off 2026-11-24
2026-11-24 13:01 tick
2026-11-25 12:00 calendar shop off 2026-11-25
2026-11-25 13:01 tick
---
2026-11-25 13:01:00 MISSED the deadline 2026-11-25 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo, grace 60m00s)
    because it never started, expected 2026-11-25 08:00:00
    miss 1 of incident 876e3fcd-182b-5e43-bd12-d0480be806af
    1 successes before, the last ended 2026-11-23 08:50:00
    id 5e4f6360-8676-5ce8-ab22-de20996b5fd9
