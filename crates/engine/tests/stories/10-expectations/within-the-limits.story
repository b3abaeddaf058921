A number at its limit is as expected
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000, max: 2000}, auc: {min: 0.7}}}"
2026-11-02 08:00 job one runs for 2026-11-02 08:00
2026-11-02 08:50 pod p of one succeeds reporting rows=1000,auc=0.7
2026-11-02 08:50 job one succeeds
2026-11-02 12:00:30 tick
2026-11-03 08:00 job two runs for 2026-11-03 08:00
2026-11-03 08:50 pod q of two succeeds reporting rows=2000,auc=0.7
2026-11-03 08:50 job two succeeds
2026-11-03 12:00:30 tick
2026-11-04 08:00 job three runs for 2026-11-04 08:00
2026-11-04 08:50 pod r of three succeeds reporting rows=2001,auc=0.69
2026-11-04 08:50 job three succeeds
2026-11-04 08:51 tick
---
2026-11-04 08:51:00 MISSED the deadline 2026-11-04 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: auc is 0.69, expected is at least 0.7; rows is 2001, expected is at most 2000
    miss 1 of incident 61b66f98-dff3-5adc-9a6f-55b37c4b5705
    job three of 2026-11-04 08:00:00, pod r which reported auc 0.69, rows 2001
    2 successes before, the last ended 2026-11-03 08:50:00
    id 2b0fdbb6-8499-5a75-9e55-e69ac96e5663
