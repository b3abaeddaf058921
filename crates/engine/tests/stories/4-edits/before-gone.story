The other CronJob is gone: judged once more, then no more, until it is back
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective before dwh/mail which-fires "0 6 * * *" in-a-file
2026-11-17 06:01 tick
2026-11-18 03:00 objective before dwh/mail in-a-file
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-19 12:00 objective before dwh/mail which-fires "0 6 * * *" in-a-file
2026-11-20 06:01 tick
2026-11-21 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because the CronJob that it must be ready for is gone
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 06:01:00 WARNING objective `complete-by` of prod/dwh/report is not judged: there is no CronJob dwh/mail before whose fires the result should be there; name another under `before`, or say `completeBy`
2026-11-21 06:01:00 MISSED the deadline 2026-11-21 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-21 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 37d38147-49fc-5e46-9265-f4513d9dc9dc
