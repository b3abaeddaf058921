A run whose pod cannot be scheduled is missed, and told as pending
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 pod two-1 of two waits reason Unschedulable saying "0/3 nodes are available: 3 Insufficient memory."
2026-11-19 06:01 tick
