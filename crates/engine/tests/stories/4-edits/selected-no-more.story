A CronJob that a selector selects no more is judged by it no more, and an object that is deleted takes its word back
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *" named nightly by-a-selector
2026-11-16 20:00 objective complete-by "0 7 * * *" named ready by-an-object
2026-11-18 02:00 objective withdrawn named nightly
2026-11-18 02:00 objective withdrawn named ready
2026-11-18 07:01 tick
2026-11-19 07:01 tick
---
Nothing is said.
