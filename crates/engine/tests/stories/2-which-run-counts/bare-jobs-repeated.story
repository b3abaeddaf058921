A bare Job that is repeated after the deadline is the result of the deadline that it missed
# Without a schedule it counts for the next deadline, too, since of which one it is cannot be known.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 objective complete-by "0 6 * * *" of-jobs in-a-file
2026-11-18 05:00 job one created
2026-11-18 05:30 job one fails
2026-11-18 06:01 tick
2026-11-18 06:30 job again created
2026-11-18 07:00 job again succeeds
2026-11-19 06:01 tick
---
2026-11-18 05:30:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 05:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 05:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 07:00:00 RECOVERED 60m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job again of 2026-11-18 06:30:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
