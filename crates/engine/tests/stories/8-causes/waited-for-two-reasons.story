A run that waits for a node at the deadline, then for its image, and runs at the verdict: the reason is that of the deadline
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one waits
2026-11-18 01:00:10 pod one-1 of one waits reason Unschedulable
2026-11-18 06:00:05 pod one-1 of one waits reason ContainerCreating
2026-11-18 06:00:15 pod one-1 of one runs
2026-11-18 06:00:16 job one runs
2026-11-18 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-18 01:00:00: Unschedulable
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00, pod one-1
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
