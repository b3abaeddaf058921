An hourly batch with one deadline a day is met by any success of its window
batch prod/dwh/report
zone UTC

2026-11-17 05:00 cronjob "0 * * * *"
2026-11-17 05:00 objective complete-by "0 6 * * *"
2026-11-17 07:00 job early created for 2026-11-17 07:00
2026-11-17 07:10 job early succeeds
2026-11-17 08:00 job later created for 2026-11-17 08:00
2026-11-17 08:10 job later fails
2026-11-18 06:01 tick
# A fire exactly at the deadline belongs to the next slot.
2026-11-18 06:00 job at-six created for 2026-11-18 06:00
2026-11-18 06:10 job at-six succeeds
2026-11-19 06:01 tick
2026-11-20 06:01 tick
