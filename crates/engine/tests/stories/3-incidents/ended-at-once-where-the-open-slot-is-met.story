A success that is late for a slot that is met already ends the incident at once
# The slot of 13:25 is met, by a run that ended while an earlier slot was open, so nothing is awaited of it. Its grace ended
# three seconds before the success.
batch prod/ml/hourly
zone UTC

2026-11-20 10:00 cronjob "5 * * * *"
2026-11-20 10:10 objective complete-by "25 * * * *" grace 44m
2026-11-20 13:07 job good succeeds at 2026-11-20 13:06:30 for 2026-11-20 13:05 made 2026-11-20 13:05
2026-11-20 13:10 tick
2026-11-20 14:09:06 job next succeeds at 2026-11-20 14:09:03 for 2026-11-20 14:05 made 2026-11-20 14:05
2026-11-20 15:00 tick
---
2026-11-20 13:10:00 MISSED the deadline 2026-11-20 11:25:00, complete-by of prod/ml/hourly (UTC, grace 44m00s)
    because it never started, expected 2026-11-20 11:05:00
    miss 1 of incident 60681d61-000a-5a50-abb5-bed09d5f1e4d
    id e9e462f2-12f8-5835-84bd-94046981a07d
2026-11-20 13:10:00 RECOVERED 101m30s after the deadline, complete-by of prod/ml/hourly (UTC, grace 44m00s)
    1 missed since 2026-11-20 11:25:00, incident 60681d61-000a-5a50-abb5-bed09d5f1e4d is over
    the result of a later slot: job good of 2026-11-20 13:05:00
    id 2972214c-284d-5607-81b1-d94d66a44d19
2026-11-20 13:10:00 MISSED the deadline 2026-11-20 12:25:00, complete-by of prod/ml/hourly (UTC, grace 44m00s)
    because it never started, expected 2026-11-20 12:05:00
    miss 1 of incident 06f92044-c975-585d-88f3-313a2524b829
    id 503f68da-4f9a-593d-9f49-07fb3f57e1df
2026-11-20 14:09:06 RECOVERED 104m03s after the deadline, complete-by of prod/ml/hourly (UTC, grace 44m00s)
    1 missed since 2026-11-20 12:25:00, incident 06f92044-c975-585d-88f3-313a2524b829 is over
    the result of a later slot: job next of 2026-11-20 14:05:00
    id e4dd0bff-9d44-5df0-b9f2-6e5371f19ffa
