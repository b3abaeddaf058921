Unknown deadlines in a row are one alert, and one more when the last of them is judged again
# Each miss among them is an alert of its own.
batch prod/dwh/report
zone UTC

2026-11-14 20:00 cronjob "0 1 * * *"
2026-11-14 20:00 objective complete-by "0 6 * * *"
2026-11-15 00:30 tick
2026-11-18 12:00 cronjob says last-succeeded 2026-11-18 10:30
2026-11-18 12:00 gap since 2026-11-15 00:30
2026-11-18 12:00 tick
2026-11-18 12:30 job one succeeds at 2026-11-16 01:30 for 2026-11-16 01:00
2026-11-18 12:31 job two succeeds at 2026-11-17 01:30 for 2026-11-17 01:00
2026-11-18 12:31 job two succeeds at 2026-11-17 01:30 for 2026-11-17 01:00
2026-11-18 12:32 job three fails BackoffLimitExceeded at 2026-11-18 01:10 for 2026-11-18 01:00
2026-11-18 12:33 job zero succeeds at 2026-11-15 01:30 for 2026-11-15 01:00
---
2026-11-18 12:00:00 UNKNOWN 3 deadlines from 2026-11-16 06:00:00 to 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-15 00:30:00 to 2026-11-18 12:00:00
    id 5fa9eda2-c32a-5e7b-8bfb-45377cffe703
2026-11-18 12:32:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job three of 2026-11-18 01:00:00
    id 08beb3d0-50d4-5732-b79c-34bc8fed4f9e
2026-11-18 12:32:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job three of 2026-11-18 01:00:00
    2 successes before, the last ended 2026-11-17 01:30:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 12:32:00 JUDGED AGAIN 3 deadlines from 2026-11-16 06:00:00 to 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    2 met, 1 missed, of the alert 5fa9eda2-c32a-5e7b-8bfb-45377cffe703
    id 58510007-17a7-555c-b2f7-ce6138604017
