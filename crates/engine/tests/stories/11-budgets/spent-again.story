Once the misses are older than the days of the target, the budget is whole, and can be spent again
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "0 12 * * *" target "0.8 over 5d"
2026-11-01 08:00 daily 1 runs of 50m
2026-11-02 12:01 tick
2026-11-03 08:00 daily 5 runs of 50m
2026-11-08 12:01 tick
---
2026-11-02 12:01:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-02 08:00:00
    miss 1 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id c2b35947-ffee-5200-b11a-349e232a94a5
2026-11-02 12:01:00 ALL SPENT with the deadline 2026-11-02 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 1 allowed of 5 slots, by 0.8 over 5d
    id 8dba6fd8-fe62-5592-90d6-b610a7102f8c
2026-11-03 08:50:00 RECOVERED 1250m00s after the deadline, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed since 2026-11-02 12:00:00, incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7 is over
    the result of a later slot: job of-2026-11-03 of 2026-11-03 08:00:00
    id 2fd6608f-c584-5e4b-b9ac-ce4a1680384e
2026-11-08 12:01:00 MISSED the deadline 2026-11-08 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-08 08:00:00
    miss 1 of incident 26531b54-4d0a-57e1-ad40-f3066085bb9b
    6 successes before, the last ended 2026-11-07 08:50:00
    id 42e9fe39-6f19-5f5e-b439-202ceb572df4
2026-11-08 12:01:00 ALL SPENT with the deadline 2026-11-08 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 1 allowed of 5 slots, by 0.8 over 5d
    id e99a8dfd-8a1a-5632-a3c9-8d35437f2ebd
