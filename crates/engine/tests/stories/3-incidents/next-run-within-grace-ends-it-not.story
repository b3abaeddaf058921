A run of the next slot that ends within the grace of a missed one does not end its incident
# The deadline is 06:00 and the grace two hours: the run of 06:30 is tomorrow's, and what ends before 08:00 is not late.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "30 6 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *" grace 2h
2026-11-17 06:30 job one created for 2026-11-17 06:30
2026-11-17 07:00 job one fails
2026-11-17 08:01 tick
2026-11-18 06:30 job two created for 2026-11-18 06:30
2026-11-18 07:00 job two succeeds
2026-11-18 08:01 tick
2026-11-19 06:30 job three created for 2026-11-19 06:30
2026-11-19 07:00 job three succeeds
2026-11-19 08:01 tick
---
2026-11-17 07:00:00 RUN FAILED, complete-by of prod/dwh/report (UTC, grace 120m00s)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-17 06:30:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-18 08:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC, grace 120m00s)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-17 06:30:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 07:00:00 RECOVERED 1500m00s after the deadline, complete-by of prod/dwh/report (UTC, grace 120m00s)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    the result of a later slot: job three of 2026-11-19 06:30:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
