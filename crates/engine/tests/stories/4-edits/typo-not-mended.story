A crontab that cannot be read: the pending deadline is judged as planned, then none until the crontab is mended
# Mended within the period, the deadline after it is whole again: the one before it was judged.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 05:00 objective complete-by "0 6 * *"
2026-11-18 05:30 cronjob "30 1 * * *"
2026-11-18 06:01 tick
2026-11-18 12:00 objective complete-by "0 6 * *" grace 5m
2026-11-18 18:00 objective complete-by "0 6 * * *"
2026-11-19 06:01 tick
---
2026-11-18 05:00:00 WARNING objective `complete-by` of prod/dwh/report is not judged: `0 6 * *` has 4 field(s), of five: minute, hour, day of month, month, day of week; write `*` where any value will do
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:30:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 6b85ede7-49be-544a-9454-8bec9191234d
