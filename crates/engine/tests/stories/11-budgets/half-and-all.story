Two of ten deadlines may be missed: half of that is spent with the first miss, and all with the second
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "0 12 * * *" target "0.8 over 10d"
2026-11-01 08:00 daily 1 runs of 50m
2026-11-02 12:01 tick
2026-11-03 12:01 tick
2026-11-04 12:01 tick
---
2026-11-02 12:01:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-02 08:00:00
    miss 1 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id c2b35947-ffee-5200-b11a-349e232a94a5
2026-11-02 12:01:00 HALF SPENT with the deadline 2026-11-02 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 3cb53846-0247-50be-aeea-20f95799bdae
2026-11-03 12:01:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-03 08:00:00
    miss 2 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id e690fac3-b027-57e9-a021-61bf97348bb8
2026-11-03 12:01:00 ALL SPENT with the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    2 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 16ba3c48-b383-5053-a45f-066a8f91f41f
2026-11-04 12:01:00 MISSED the deadline 2026-11-04 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-04 08:00:00
    miss 3 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id 7505c9b1-a3fd-525b-af2d-46851268d156
