A run that failed for good is missed at the deadline, with its reason, exit code and last error
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 02:00 job one succeeds
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:10 pod two-1 of two fails exit 137 reason OOMKilled
2026-11-19 01:10 job two retries
2026-11-19 01:20 pod two-2 of two fails exit 1 reason Error saying "KeyError: 'price'"
2026-11-19 01:20 job two fails BackoffLimitExceeded
2026-11-19 06:00:29 tick
2026-11-19 06:00:30 tick
