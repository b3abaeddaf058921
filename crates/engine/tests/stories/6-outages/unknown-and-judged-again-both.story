Two unknown deadlines are both judged again when the CronJob's status shows that nothing succeeded
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-19 08:00 cronjob says last-succeeded 2026-11-19 07:50
2026-11-19 08:00 gap since 2026-11-17 20:00
2026-11-19 08:01 tick
2026-11-19 09:00 cronjob says last-succeeded 2026-11-17 01:30
---
2026-11-19 08:01:00 UNKNOWN 2 deadlines from 2026-11-18 06:00:00 to 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-17 20:00:00 to 2026-11-19 08:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
2026-11-19 09:00:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 09:00:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 09:00:00 JUDGED AGAIN 2 deadlines from 2026-11-18 06:00:00 to 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    0 met, 2 missed, of the alert 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
    id 3f5adc29-af4b-5ff4-b60a-eaf1ad2ed9e2
