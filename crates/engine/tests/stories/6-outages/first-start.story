The first start within a slot: nothing is missed or unknown of what was before
batch prod/dwh/report
zone UTC

2026-11-18 04:00 cronjob "0 1 * * *"
2026-11-18 04:00 objective complete-by "0 6 * * *"
2026-11-18 04:00 gap since ever
2026-11-18 04:00 tick
2026-11-18 06:01 tick
2026-11-19 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 6b85ede7-49be-544a-9454-8bec9191234d
