Of two Jobs that were made in the same second, the one has not the numbers of the other
batch prod/ml/load
zone UTC

2026-11-01 08:00 objective complete-by "0 12 * * *" zone UTC expect "{metrics: {rows: {min: 1000}}}" of-jobs by-an-object named complete-by
2026-11-01 12:01 tick
2026-11-02 11:30 job one runs made 2026-11-02 11:30
2026-11-02 12:10 pod p of one succeeds reporting rows=5000
2026-11-02 12:10 job one succeeds at 2026-11-02 12:10 made 2026-11-02 11:30
2026-11-02 12:11 tick
2026-11-02 12:12 job two succeeds at 2026-11-02 11:40 made 2026-11-02 11:30
2026-11-02 12:13 tick
---
2026-11-02 12:11:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/load (UTC)
    because it is still running since 2026-11-02 11:30:00
    miss 1 of incident 0965b629-cf06-5f00-bbf1-b3da7aad598d
    job one of 2026-11-02 11:30:00, pod p which reported rows 5000
    id 27c17c98-42f0-546f-8d5a-ec69cabd50a2
2026-11-02 12:11:00 RECOVERED 10m00s after the deadline, complete-by of prod/ml/load (UTC)
    1 missed since 2026-11-02 12:00:00, incident 0965b629-cf06-5f00-bbf1-b3da7aad598d is over
    job one of 2026-11-02 11:30:00, pod p which reported rows 5000
    id 429c2daf-f753-576f-bbde-495a72b17220
