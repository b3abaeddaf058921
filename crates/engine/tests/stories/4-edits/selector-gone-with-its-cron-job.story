An objective of a selector dies with the CronJob that it selected, and is judged once more
batch prod/dwh/report
zone UTC

2026-11-17 05:00 cronjob "0 1 * * *"
2026-11-17 05:00 objective complete-by "0 6 * * *" named nightly by-a-selector
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 06:01 tick
2026-11-18 09:00 objective withdrawn named nightly
2026-11-18 09:00 cronjob deleted
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, nightly of prod/dwh/report (UTC)
    because there is no CronJob
    miss 1 of incident 7cf76a26-6773-58d4-ae95-d2ae2a4b6b1a
    1 successes before, the last ended 2026-11-18 01:30:00
    id ceaa4e3d-a69e-5060-a9ad-7659593b20b3
