A deadline each five minutes: a hundredth of those of a day is two
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "*/5 * * * *" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "*/5 * * * *" target "0.99 over 1d"
2026-11-01 07:16 tick
---
2026-11-01 07:16:00 MISSED the deadline 2026-11-01 07:05:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-01 07:00:00
    miss 1 of incident 47230dfc-dd22-54f2-aee8-70b4562cf2fd
    id 23a8b898-59a5-5bc4-8157-56ff302fd79f
2026-11-01 07:16:00 HALF SPENT with the deadline 2026-11-01 07:05:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 2 allowed of 288 slots, by 0.99 over 1d
    id b7fcbfcf-e126-5cc6-979d-1532351dcb17
2026-11-01 07:16:00 MISSED the deadline 2026-11-01 07:10:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-01 07:05:00
    miss 2 of incident 47230dfc-dd22-54f2-aee8-70b4562cf2fd
    id 79c3c437-88e2-5fc7-806f-21cf8e9687eb
2026-11-01 07:16:00 ALL SPENT with the deadline 2026-11-01 07:10:00, complete-by of prod/dwh/report (Asia/Tokyo)
    2 missed, 2 allowed of 288 slots, by 0.99 over 1d
    id 26bef214-de73-5094-8e26-af5829f871f1
2026-11-01 07:16:00 MISSED the deadline 2026-11-01 07:15:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-01 07:10:00
    miss 3 of incident 47230dfc-dd22-54f2-aee8-70b4562cf2fd
    id a06398d0-e16c-5218-9d58-809f0a2f79dc
