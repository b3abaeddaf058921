The other CronJob was gone and is back while no tick came: no deadline was without it
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective before dwh/mail which-fires "0 6 * * *" in-a-file
2026-11-17 06:01 tick
2026-11-18 07:00 objective before dwh/mail in-a-file
2026-11-18 09:00 objective before dwh/mail which-fires "0 8 * * *" in-a-file
2026-11-19 08:01 tick
---
2026-11-19 08:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 08:01:00 MISSED the deadline 2026-11-19 08:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 4ada7032-8879-5e53-9a3a-6353969d01e2
