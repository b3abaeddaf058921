A target that leaves less than one miss: the first one spends all
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "0 12 * * *" target "0.99 over 30d"
2026-11-01 08:00 daily 1 runs of 50m
2026-11-02 12:01 tick
2026-11-03 12:01 tick
---
2026-11-02 12:01:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-02 08:00:00
    miss 1 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id c2b35947-ffee-5200-b11a-349e232a94a5
2026-11-02 12:01:00 ALL SPENT with the deadline 2026-11-02 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 0 allowed of 30 slots, by 0.99 over 30d
    id 8dba6fd8-fe62-5592-90d6-b610a7102f8c
2026-11-03 12:01:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-03 08:00:00
    miss 2 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id e690fac3-b027-57e9-a021-61bf97348bb8
