A run of the next slot that ended within the grace of a missed one does not end its incident many deadlines later either
# The verdict on 06:00 is no longer kept when the deadlines of the night are judged.
batch prod/dwh/report
zone UTC

2026-11-18 04:10 cronjob "30 * * * *"
2026-11-18 04:10 objective complete-by "0 * * * *" grace 2h
2026-11-18 05:30 job one created for 2026-11-18 05:30
2026-11-18 05:50 job one fails
2026-11-18 06:30 job two created for 2026-11-18 06:30
2026-11-18 07:00 job two succeeds
2026-11-18 07:30 job three created for 2026-11-18 07:30
2026-11-18 07:50 job three succeeds
2026-11-18 08:01 tick
2026-11-19 04:00 cronjob says last-scheduled 2026-11-19 03:30 last-succeeded 2026-11-19 03:45
2026-11-19 04:00 gap since 2026-11-18 08:01
2026-11-19 04:00 tick
---
2026-11-18 05:50:00 RUN FAILED, complete-by of prod/dwh/report (UTC, grace 120m00s)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 05:30:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-18 08:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC, grace 120m00s)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 05:30:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 04:00:00 UNKNOWN 17 deadlines from 2026-11-18 09:00:00 to 2026-11-19 01:00:00, complete-by of prod/dwh/report (UTC, grace 120m00s)
    nobody watched from 2026-11-18 08:01:00 to 2026-11-19 04:00:00
    id 475a06c4-e6f9-5f20-b7e1-f70bde23919b
