A run that the next one replaces (concurrencyPolicy: Replace) is missed as replaced, not as deleted by somebody
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-18 00:00 objective complete-by "0 1 * * *" named by-the-next
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one runs
2026-11-19 06:01 tick
2026-11-20 01:00:00 job one deleted
2026-11-20 01:00:01 job two created for 2026-11-20 01:00
2026-11-20 01:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 01:00:00, by-the-next of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 3c0a4b81-2bf0-509f-a07e-e4a2a728c063
    id cd704682-9b4a-5d98-b712-c96398a38045
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job one of 2026-11-19 01:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 01:01:00 MISSED the deadline 2026-11-20 01:00:00, by-the-next of prod/dwh/report (UTC)
    because it failed: Replaced, exit code unknown, 1 attempts, no error text
    miss 2 of incident 3c0a4b81-2bf0-509f-a07e-e4a2a728c063
    job one of 2026-11-19 01:00:00
    id 80f31106-4ccd-50da-9c1c-a154419c7912
