Unknown deadlines that sixteen later verdicts have pushed out are not judged again, and nothing more is reported
batch prod/dwh/report
zone UTC

2026-11-14 20:00 cronjob "5 * * * *"
2026-11-14 20:00 objective complete-by "0 * * * *"
2026-11-14 20:30 tick
2026-11-15 00:30 cronjob says last-succeeded 2026-11-15 00:25
2026-11-15 00:30 gap since 2026-11-14 20:30
2026-11-15 00:30 job a succeeds at 2026-11-15 00:25 for 2026-11-15 00:05
2026-11-15 01:01 tick
2026-11-15 01:10 job h1 succeeds for 2026-11-15 01:05
2026-11-15 02:10 job h2 succeeds for 2026-11-15 02:05
2026-11-15 03:10 job h3 succeeds for 2026-11-15 03:05
2026-11-15 04:10 job h4 succeeds for 2026-11-15 04:05
2026-11-15 05:10 job h5 succeeds for 2026-11-15 05:05
2026-11-15 06:10 job h6 succeeds for 2026-11-15 06:05
2026-11-15 07:10 job h7 succeeds for 2026-11-15 07:05
2026-11-15 08:10 job h8 succeeds for 2026-11-15 08:05
2026-11-15 09:10 job h9 succeeds for 2026-11-15 09:05
2026-11-15 10:10 job h10 succeeds for 2026-11-15 10:05
2026-11-15 11:10 job h11 succeeds for 2026-11-15 11:05
2026-11-15 12:10 job h12 succeeds for 2026-11-15 12:05
2026-11-15 13:10 job h13 succeeds for 2026-11-15 13:05
2026-11-15 14:10 job h14 succeeds for 2026-11-15 14:05
2026-11-15 15:10 job h15 succeeds for 2026-11-15 15:05
2026-11-15 16:10 job h16 succeeds for 2026-11-15 16:05
2026-11-15 17:10 job h17 succeeds for 2026-11-15 17:05
2026-11-15 18:01 tick
2026-11-15 18:02 job late succeeds at 2026-11-14 21:10 for 2026-11-14 21:05
---
2026-11-15 01:01:00 UNKNOWN 4 deadlines from 2026-11-14 21:00:00 to 2026-11-15 00:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-14 20:30:00 to 2026-11-15 00:30:00
    id 80363c8d-64bf-584e-b628-145025ee046a
