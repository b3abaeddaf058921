A run that ran at the deadline, and whose steps were all observed at once after it, was running
# kigen was stopped. The Pods are observed before the Job has ended.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 00:10 tick
2026-11-18 05:00 job one waits for 2026-11-18 01:00
2026-11-18 05:00 pod one-1 of one waits
2026-11-18 05:30 pod one-1 of one runs
2026-11-18 07:00 pod one-1 of one succeeds
2026-11-18 07:00 job one runs
2026-11-18 07:00 job one succeeds
2026-11-18 07:00 tick
---
2026-11-18 07:00:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-18 05:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00, pod one-1
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 07:00:00 RECOVERED 60m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job one of 2026-11-18 01:00:00, pod one-1
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
