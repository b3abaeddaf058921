A success in time that is observed three weeks later retracts the miss, though twenty slots without a run came after it
# The runs are on Saturdays, the deadlines on each day.
batch prod/dwh/report
zone UTC

2026-11-06 05:00 cronjob "0 1 * * 6"
2026-11-06 05:00 objective complete-by "0 6 * * *"
2026-11-07 06:01 tick
2026-11-14 01:00 job kept created for 2026-11-14 01:00
2026-11-14 06:01 tick
2026-11-21 01:00 job third created for 2026-11-21 01:00
2026-11-21 02:00 job third succeeds
2026-11-28 01:00 job fourth created for 2026-11-28 01:00
2026-11-28 02:00 job fourth succeeds
2026-12-04 06:01 tick
2026-12-04 09:00 job kept succeeds at 2026-11-14 05:00
---
2026-11-07 06:01:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-05T06:00:00Z and the deadline 2026-11-06T06:00:00Z, so there is nothing to judge there; if that is not meant, change `0 6 * * *` or the schedule of the runs (said once)
2026-11-07 06:01:00 MISSED the deadline 2026-11-07 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-07 01:00:00
    miss 1 of incident e630ab13-d6a0-5ac9-9e65-73b7ba226e49
    id 83e91af3-3c4b-57b2-b667-483a77b8db47
2026-11-14 06:01:00 MISSED the deadline 2026-11-14 06:00:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-14 01:00:00: no controller has taken the Job up
    miss 2 of incident e630ab13-d6a0-5ac9-9e65-73b7ba226e49
    job kept of 2026-11-14 01:00:00
    id 5ab603ee-a41c-5567-948b-8e240041572a
2026-11-21 02:00:00 RECOVERED 9840m00s after the deadline, complete-by of prod/dwh/report (UTC)
    2 missed since 2026-11-07 06:00:00, incident e630ab13-d6a0-5ac9-9e65-73b7ba226e49 is over
    the result of a later slot: job third of 2026-11-21 01:00:00
    id 75b85303-ad18-5f72-96d1-a7c473b634db
2026-12-04 09:00:00 RETRACTED the deadline 2026-11-14 06:00:00 was met, complete-by of prod/dwh/report (UTC)
    the result was there at 2026-11-14 05:00:00
    0 still missed in incident e630ab13-d6a0-5ac9-9e65-73b7ba226e49
    job kept of 2026-11-14 01:00:00
    id ae5d83c7-f35a-59a4-8824-ee801d424271
