The deadlines before a CronJob with a time zone in its schedule are the fires in that zone
batch prod/ml/features
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
# The zone in the schedule counts, not that of spec.timeZone.
2026-11-16 20:00 objective before dwh/report which-fires "CRON_TZ=Asia/Tokyo 0 15 * * *" in Europe/London
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 06:01 tick
2026-11-19 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/ml/features (Asia/Tokyo)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident b25d01a8-7604-5d61-8458-219071fd07a8
    1 successes before, the last ended 2026-11-18 01:30:00
    id 335e91c4-5a51-5002-a894-32227fbb663b
