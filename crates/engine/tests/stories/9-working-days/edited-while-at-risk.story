A day that becomes a day off while its slot is at risk: the warning is over
batch prod/dwh/report
zone Asia/Tokyo

2026-11-08 07:00 calendar shop
2026-11-08 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-08 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-09 08:00 daily 12 runs of 50m
2026-11-21 12:01 tick
2026-11-22 12:01 tick
2026-11-23 11:10 tick
2026-11-23 11:30 calendar shop off 2026-11-23
2026-11-23 12:01 tick
---
2026-11-23 11:10:00 AT RISK the deadline 2026-11-23 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    no run has begun, expected 2026-11-23 08:00:00: nine in ten of 12 runs need 50m00s
    7 successes before
    id 1f7f0d27-e42f-50b9-94f6-0d7885ded7c2
2026-11-23 12:01:00 AT RISK NO MORE the deadline 2026-11-23 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    nothing is judged there
    id 21da85eb-f38e-5967-929c-2d7b978dcbc0
