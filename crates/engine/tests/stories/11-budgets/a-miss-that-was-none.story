A miss that is retracted is not counted, so that the next is the first again
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "0 12 * * *" target "0.8 over 10d"
2026-11-01 08:00 daily 1 runs of 50m
2026-11-02 12:01 tick
2026-11-02 12:05 job late succeeds at 2026-11-02 11:59 made 2026-11-02 08:00 for 2026-11-02 08:00
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
2026-11-02 12:05:00 RETRACTED the deadline 2026-11-02 12:00:00 was met, complete-by of prod/dwh/report (Asia/Tokyo)
    the result was there at 2026-11-02 11:59:00
    0 still missed in incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    job late of 2026-11-02 08:00:00
    id b950e08a-5809-5731-aeb7-7440e0137ca0
2026-11-03 12:01:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-03 08:00:00
    miss 1 of incident 2d3d360c-badc-5e0b-858a-77046ae951f8
    2 successes before, the last ended 2026-11-02 11:59:00
    id e690fac3-b027-57e9-a021-61bf97348bb8
2026-11-03 12:01:00 HALF SPENT with the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 9908b711-e787-5596-954e-f76e1a87b71c
2026-11-04 12:01:00 MISSED the deadline 2026-11-04 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-04 08:00:00
    miss 2 of incident 2d3d360c-badc-5e0b-858a-77046ae951f8
    2 successes before, the last ended 2026-11-02 11:59:00
    id 7505c9b1-a3fd-525b-af2d-46851268d156
2026-11-04 12:01:00 ALL SPENT with the deadline 2026-11-04 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    2 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 3cb62b71-9211-5c69-99f5-f195ae12072f
