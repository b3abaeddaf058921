The other CronJob was gone at the deadline and is back within the grace: the cause is what became of the run
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective before dwh/mail which-fires "0 6 * * *" grace 2h in-a-file
2026-11-17 08:01 tick
2026-11-18 03:00 objective before dwh/mail grace 2h in-a-file
2026-11-18 07:00 objective before dwh/mail which-fires "0 6 * * *" grace 2h in-a-file
2026-11-18 08:01 tick
---
2026-11-18 08:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC, grace 120m00s)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
