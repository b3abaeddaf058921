A run that waited for its image at the deadline, and succeeds before the verdict: pending, with the reason
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one waits
2026-11-18 01:00:10 pod one-1 of one waits reason ImagePullBackOff saying "Back-off pulling image"
2026-11-18 06:00:05 pod one-1 of one runs
2026-11-18 06:00:06 job one runs
2026-11-18 06:00:20 pod one-1 of one succeeds
2026-11-18 06:00:21 job one succeeds
2026-11-18 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-18 01:00:00: ImagePullBackOff: Back-off pulling image
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00, pod one-1
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 06:01:00 RECOVERED 0m20s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job one of 2026-11-18 01:00:00, pod one-1
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
