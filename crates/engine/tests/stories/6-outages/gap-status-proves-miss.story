The monitor was away for eight hours while one job missed: paged after the start, as missed at its deadline
# Its last success is of the day before, so none can have vanished.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 21:00 cronjob says last-scheduled 2026-11-17 01:00 last-succeeded 2026-11-17 01:30
2026-11-18 00:10 tick
2026-11-18 08:00 cronjob says last-scheduled 2026-11-18 01:00
2026-11-18 08:00 gap since 2026-11-18 00:10
2026-11-18 08:00 tick
---
2026-11-18 08:00:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because its run, expected 2026-11-18 01:00:00, was not observed from 2026-11-18 00:10:00 to 2026-11-18 08:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
