A typo that was mended while no tick came: the deadline between is judged as planned, and the typo is warned of
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 08:00 objective complete-by "0 6 * *"
2026-11-19 10:00 objective complete-by "0 6 * * *"
2026-11-20 06:01 tick
---
2026-11-20 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-20 06:01:00 WARNING objective `complete-by` of prod/dwh/report is not judged: `0 6 * *` has 4 field(s), of five: minute, hour, day of month, month, day of week; write `*` where any value will do
2026-11-20 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 3 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
