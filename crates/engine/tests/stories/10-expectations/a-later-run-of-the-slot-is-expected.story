While the schedule has a further run of the slot, nothing is missed
# The last fire that can end in time is that of 11:00.
batch prod/ml/hourly
zone UTC

2026-11-01 07:00 cronjob "0 9-11 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 09:00 job nine runs for 2026-11-02 09:00
2026-11-02 09:10 pod p of nine succeeds reporting rows=12
2026-11-02 09:10 job nine succeeds
2026-11-02 09:11 tick
2026-11-02 10:00 job ten runs for 2026-11-02 10:00
2026-11-02 10:10 pod q of ten succeeds reporting rows=1000
2026-11-02 10:10 job ten succeeds
2026-11-02 11:00 job eleven runs for 2026-11-02 11:00
2026-11-02 11:10 pod r of eleven succeeds reporting rows=12
2026-11-02 11:10 job eleven succeeds
2026-11-02 12:00:30 tick
2026-11-03 09:00 job nine-2 runs for 2026-11-03 09:00
2026-11-03 09:10 job nine-2 succeeds
2026-11-03 10:00 job ten-2 runs for 2026-11-03 10:00
2026-11-03 10:10 job ten-2 succeeds
2026-11-03 10:11 tick
2026-11-03 11:00 job eleven-2 runs for 2026-11-03 11:00
2026-11-03 11:10 job eleven-2 succeeds
2026-11-03 11:11 tick
---
2026-11-03 11:11:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/ml/hourly (UTC)
    because it did not do what is expected: rows was not reported
    miss 1 of incident b7155a03-45ce-5378-b663-95ec18fc815a
    job eleven-2 of 2026-11-03 11:00:00
    3 successes before, the last ended 2026-11-02 11:10:00
    id dbe13832-52c0-57ce-bd24-2c07a50c0914
