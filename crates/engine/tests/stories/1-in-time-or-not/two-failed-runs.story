Two runs that fail within one slot are two alerts with two ids, and one miss
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one fails
2026-11-18 02:00 job again created
2026-11-18 02:10 pod again-1 of again fails exit 1 reason Error saying "KeyError: 'price'"
2026-11-18 02:10 job again fails
2026-11-18 06:01 tick
---
2026-11-18 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-18 02:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code 1, 1 attempts, KeyError: 'price'
    job again of 2026-11-18 02:00:00, pod again-1
    id cb1256d0-6405-523d-973f-c056e3cb0da0
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code 1, 1 attempts, KeyError: 'price'
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job again of 2026-11-18 02:00:00, pod again-1
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
