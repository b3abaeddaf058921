The same batch and objective in two clusters: two alerts with two ids
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
batch test/dwh/report
2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of test/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 681f1791-3e0c-52c4-9dc9-9cd6a9c5b42a
    id 4789b97d-d57b-517c-97a4-4d84d433da70
