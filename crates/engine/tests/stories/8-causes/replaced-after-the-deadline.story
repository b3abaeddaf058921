A slot that is judged after the next fire keeps the reason of its deadline, although the next run has replaced its run since
# The API server was away: the ticks come late. The second run waits for a quota.
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 * * * *"
2026-11-18 00:00 objective complete-by "30 * * * *"
2026-11-18 00:31 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one waits
2026-11-18 01:00:10 pod one-1 of one waits reason ImagePullBackOff
2026-11-18 01:05 tick
2026-11-18 02:00 job one deleted
2026-11-18 02:00 job two created for 2026-11-18 02:00
2026-11-18 02:00 job two waits
2026-11-18 03:00 job two deleted
2026-11-18 03:00 job three created for 2026-11-18 03:00
2026-11-18 03:01 tick
---
2026-11-18 03:01:00 MISSED the deadline 2026-11-18 01:30:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-18 01:00:00: ImagePullBackOff
    miss 1 of incident 9e4f9a0b-79b7-5c0d-852b-10b55077f4f7
    job one of 2026-11-18 01:00:00, pod one-1
    id 765009fe-675d-5c7b-ac8e-fe95836a3f76
2026-11-18 03:01:00 MISSED the deadline 2026-11-18 02:30:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-18 02:00:00: no pod of it was made, which a quota or an admission rule may forbid
    miss 2 of incident 9e4f9a0b-79b7-5c0d-852b-10b55077f4f7
    job two of 2026-11-18 02:00:00
    id aa5d7ebc-f25b-566b-95b5-ff69efacc61b
