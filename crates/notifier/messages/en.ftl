# kigen's messages in English, in Project Fluent's syntax (https://projectfluent.org/fluent/guide). English has each message;
# another language is a file like this one, named by its tag. A test finds a message or an argument that one lacks.
#
# A message is a whole sentence. A sentence must not be broken over lines: a line break would be in the message.

## How texts are put together

between-sentences = { " " }
between-items = ,{ " " }
between-all-of = { " " }and{ " " }
and-more = { $shown } and { $more } more
and-others = { $shown }, and { $others } others

## Times. A month is 1 to 12, a day of the week 1 (Monday) to 7.

day =
    { $weekday ->
        [1] Mon
        [2] Tue
        [3] Wed
        [4] Thu
        [5] Fri
        [6] Sat
       *[7] Sun
    } { $day } { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
       *[12] Dec
    }
day-and-clock = { $day } { $clock }
span-seconds = { $seconds } s
span-minutes = { $minutes } min
span-minutes-and-seconds = { $minutes } min { $seconds } s
span-hours = { $hours } h { $minutes } min
span-days = { $days } d { $hours } h
span-range = { $shortest } to { $longest }

## The state, the first words of a message

state-missed = Missed
state-retracted = Retracted
state-unknown = Unknown
state-judged-again = Judged again
state-failed = Failed
state-recovered = Recovered
state-at-risk = At risk
state-over = Over
state-storm = Storm
state-digest = Digest
state-not-as-expected = Not as expected
state-budget-spent = Budget spent
state-budget-half-spent = Budget half spent
state-silent = Silent
state-stalled = Stalled
state-forgotten = Forgotten
with-state = { $state }: { $headline }

## Where and when

name-of-objective = { $name } ({ $objective })
context-deadline = deadline { $deadline } { $zone }
context-deadlines = deadlines { $first } to { $last } { $zone }
context-run = run of { $start } { $zone }
context-grace = { $context } + { $grace } grace
context-cluster = cluster { $cluster }
context-clusters = clusters: { $clusters }
context-warning = severity: warning
context-age = { $age } old
late = This alert is { $age } old: kigen decided it at { $decided } { $zone } and could not deliver it before.
before = Before: { $headline }.
before-with-cause = Before: { $headline }: { $cause }.
full-stop = { $text }.
reminder-headline = still: { $headline }
reminder = There has been no news for { $age }, and it is not over. The next reminder comes in { $next }.

## A deadline was missed

missed-headline = { $name } has no good result for { $clock }
misses-in-a-row =
    This is the { $misses }{ NUMBER($misses, type: "ordinal") ->
        [one] st
        [two] nd
        [few] rd
       *[other] th
    } miss in a row.

cause-cron-job-gone = There is no CronJob of that name any more, so nothing will run.
cause-cron-job-never-seen = There is no CronJob of that name, and kigen has never seen one: nothing will run until it is made, or the objective names another.
cause-no-cron-job = There was no CronJob of that name at the deadline.
cause-no-cron-job-then = There was no CronJob of that name at the deadline; there is one now.
cause-target-gone = { $target } is gone, before whose start its result must be there. There is no further deadline until it is back.
target = CronJob { $target }
target-unknown = The CronJob
cause-suspended = The CronJob is suspended, so nothing runs until it is resumed.
cause-expectation = Its run ended well, but did not do what is expected: { $broken }. So it does not count.
cause-still-running = It is still running, since { $since }: { $span } at the deadline.
cause-still-running-after = It is still running, since { $since }, after the deadline.
cause-was-running = It was still running, since { $since }: { $span } at the deadline.
cause-was-running-after = It was still running, since { $since }, after the deadline.
cause-running-failed = It failed at { $at }.
cause-pending = Its run was created at { $since } and does not run: { $why }.
cause-was-pending = Its run was created at { $since } and did not run at the deadline: { $why }.
cause-never-started = It never started: a run was expected at { $expected }.
cause-started-late = It started too late: a run was expected at { $expected }, and made at { $made }.
cause-in-the-way = The run of { $run } has not ended and may be in the way.
cause-was-in-the-way = The run of { $run } had not ended and may have been in the way.
cause-end-not-observed = How its run of { $run } ended is not known: nothing was observed from { $from } until { $to }. Its CronJob shows no success in time.
cause-end-never-observed = How its run of { $run } ended is not known: nothing was observed until { $to }. Its CronJob shows no success in time.
cause-not-observed = What became of its run, expected at { $expected }, is not known: nothing was observed from { $from } until { $to }. Its CronJob shows no success in time.
cause-never-observed = What became of its run, expected at { $expected }, is not known: nothing was observed until { $to }. Its CronJob shows no success in time.

## Why a run waits, where kigen knows it better than Kubernetes says it

why-unknown = Kubernetes reports no reason
why-suspended = the Job is suspended
why-without-pod = no pod of it was made, which a quota or an admission rule may forbid

## The cause in a few words, for a lock screen

brief-cron-job-gone = there is no CronJob
brief-target-gone = { $target } is gone
brief-suspended = the CronJob is suspended
brief-still-running = running since { $since }
brief-pending = waiting since { $since }
brief-never-started = never started, expected at { $expected }
brief-not-observed = not observed
brief-failure = { $reason }, exit code { $code }
brief-index = index { $index }: { $brief }

## What a run did otherwise than expected

broken-duration = it took { $took }, expected is at least { $min }
broken-unreported = { $name } was not reported
broken-min = { $name } is { $was }, expected is at least { $limit }
broken-max = { $name } is { $was }, expected is at most { $limit }
broken-drop = { $name } is { $was }, more than { $percent } % less than usual
broken-usual = { $broken }; the median of the last { $runs } is { $usual }
between-broken = ;{ " " }

## How a run failed

failed-deleted = Its Job was deleted, before it had ended.
failed-deleted-at = Its Job was deleted at { $at }, before it had ended.
failed-deleted-between = Its Job was deleted between { $after } and { $at }, before it had ended.
failed-replaced = The next run replaced it, before it had ended (concurrencyPolicy: Replace).
failed-replaced-at = The next run replaced it at { $at }, before it had ended (concurrencyPolicy: Replace).
failed =
    { $attempts ->
        [one] Its run failed in its only attempt: { $reason }.
       *[other] Its run failed after { $attempts } attempts: { $reason }.
    }
failed-active-deadline =
    { $attempts ->
        [one] Its run failed in its only attempt: { $reason }, by its activeDeadlineSeconds.
       *[other] Its run failed after { $attempts } attempts: { $reason }, by its activeDeadlineSeconds.
    }
ended =
    { $attempts ->
        [one] It ended { $how }.
       *[other] The last one ended { $how }.
    }
ended-of-index =
    { $attempts ->
        [one] It, of completion index { $index }, ended { $how }.
       *[other] The last one, of completion index { $index }, ended { $how }.
    }
how-reason-and-code = as { $reason }, with exit code { $code }
how-reason = as { $reason }, without an exit code
how-code = with exit code { $code }
how-code-and-hint = with exit code { $code } ({ $hint })

## Names of exit codes

hint-signal = { $signal } ended it
hint-luigi-and-gokart = luigi/gokart calls this { $name }
hint-gokart-or-luigi = gokart calls this { $gokart }, luigi { $luigi }
hint-gokart = gokart calls this { $name }
hint-luigi = luigi calls this { $name }
hint-not-runnable = the shell could not run the command
hint-not-found = the shell did not find the command

## Containers beside the work

work-ended = { $name } ended without an exit code
work-ended-at = { $name } ended at { $at } without an exit code
work-ended-with = { $name } ended with exit code { $code }
work-ended-at-with = { $name } ended at { $at } with exit code { $code }
work-done-but-kept =
    { $count ->
        [one] { $ends }: the work may be done, but { $running } keeps its pod from ending.
       *[other] { $ends }: the work may be done, but { $running } keep its pod from ending.
    }
work-failed-and-kept =
    { $count ->
        [one] { $ends }, and { $running } keeps its pod from ending.
       *[other] { $ends }, and { $running } keep its pod from ending.
    }
pod-hangs =
    { $count ->
        [one] It has failed at { $at }, but its pod { $pod } has been terminating since: { $running } still runs.
       *[other] It has failed at { $at }, but its pod { $pod } has been terminating since: { $running } still run.
    }
pod-hangs-on-node =
    { $count ->
        [one] It has failed at { $at }, but its pod { $pod } on { $node } has been terminating since: { $running } still runs.
       *[other] It has failed at { $at }, but its pod { $pod } on { $node } has been terminating since: { $running } still run.
    }
beside-failed = Its container { $name } ended { $how } after { $work } had ended with 0: the work may be done.

## What a known error usually means, and what to do

known-oom-killed = OOMKilled: it used more memory than its limit. Raise `resources.limits.memory`, or let it use less.
known-evicted = Evicted: its node ran short of memory or disk. Set requests for what it uses, and look at the node.
known-image = Its image cannot be pulled: check its name and tag, and the pull secret of the namespace.
known-container-config = A ConfigMap or Secret that it refers to is missing, or lacks the key.
known-container-create = Its container cannot be created: look at its command, its volumes and the node's events.
known-unschedulable = No node has room for it: look at its requests, node selectors and tolerations, and at what runs.
known-mount = A volume cannot be mounted: look at its claim, Secret or ConfigMap, and at the node that had it before.
known-active-deadline = It took longer than `activeDeadlineSeconds` lets it: raise that, or find out what made it slow.
known-start = Its container could not start: its command is not in the image, or a volume is not where it belongs. Check `command`, `args` and the image's tag.
known-crash-loop = Its container ends again and again: the last lines of its log show why.
known-preempted = A pod of a higher priority took its place: raise its priority class, or add room.
known-node-gone = Its node was shut down, lost or drained: repeat the run, and look at the node.
known-not-created = Kubernetes refused its pod: look at the quota of the namespace, its service account and admission rules.
known-pod-failure-policy = A rule of its `podFailurePolicy` ended it: look at which exit code or condition that names.
known-exit-command = Its command is not in the image or cannot be run: check `command`, `args` and the image's tag.
known-exit-abort = It aborted itself: a check in native code failed, or it could get no memory. The last lines of its log show which.
known-exit-kill = It was killed: usually its node ran out of memory, or it did not stop in time when it was asked to. Look at the events of its pod and node.
known-exit-segv = Native code crashed: usually a library that does not fit, or an image of another architecture. Look at what changed in the image.
known-exit-term = It was asked to stop: its node was drained or scaled down, or its Job was deleted. Repeat it, and look at the events of its node.
known-exit-silent = The program ended itself with an error and left no text: read its log. With `terminationMessagePolicy: FallbackToLogsOnError` the next message has its last lines.

## What to do, where no known error says it

todo-still-running = To do: look in its log whether it makes progress; it may still end well.
todo-never-started = To do: look at the CronJob's events for why no Job was made, and repeat it if the result is needed.
todo-in-the-way = To do: if that run hangs, delete its Job, so that the next one can start.
todo-not-observed = To do: look whether the result is there; if not, repeat the run.
todo-suspended = To do: resume it, or, if that is on purpose, mute it: `kigen mute`.
todo-no-cron-job = To do: create the CronJob again, or remove its objective.
todo-expectation = To do: look in its log why, and repeat it if the result is wrong.
todo-failed = To do: repair what its error or its log shows, and repeat the run.
todo-deleted = To do: repeat the run, unless it was deleted on purpose.
todo-replaced = To do: look whether the next run ends; one that takes longer than the time between two fires is replaced each time.
todo-unknown = To do: nothing for this batch yet; look whether kigen's shipper runs.
todo-not-started = To do: look why no run begins, and start one by hand if the result is needed in time.
todo-late = To do: look in its log whether it makes progress, and let those know who need the result.
todo-trend = To do, in working hours: start it earlier, make it faster, or move the deadline.
todo-budget = To do, in working hours: repair what it fails of most, or agree on another target.
todo-silent = To do: restart kigen's shipper, or repair what it cannot reach.
todo-stalled = To do: look whether kube-controller-manager runs, and whether a webhook or a quota refuses Jobs.

## How the past runs went

usual-took = The last { $runs } good runs took { $took }.
usual-took-later = The last { $runs } good runs took { $took }, and each ended about { $by } later than the one before.
usual-ended = The last { $runs } good runs ended { $ended } after their scheduled time.
usual-ended-later = The last { $runs } good runs ended { $ended } after their scheduled time, each about { $by } later than the one before.
goes-on-missing = It will go on missing its deadline unless it starts earlier or gets faster.

## A failed run

run-failed-headline = { $name } failed

## The end of an incident

recovered-headline = { $name } is done, { $late } late
recovered-there = A good result is there since { $at }.
recovered-later-headline = { $name } is good again
recovered-later = The run of { $run } ended well at { $at }; the result for { $deadline } never came.
recovered-misses = { $misses } deadlines were missed in a row, the first { $since }.
incident-over = The incident is over.
incident-goes-on =
    { $misses ->
        [one] One other deadline of the incident is still missed.
       *[other] { $misses } other deadlines of the incident are still missed.
    }
retracted-headline = { $name } was there in time after all
retracted = A good result was there at { $at }.
retracted-within-grace = A good result was there at { $at }, within the grace.
retracted-run-before = The deadline had been called missed since the run before did not do what is expected.
retracted-seen-late =
    { $verdict ->
        [missed] kigen saw it only after it had called the deadline missed.
       *[unknown] kigen saw it only after it had called the deadline unknown.
    }

## No evidence for a verdict

unknown-headline = { $name } may have no good result for { $clock }
unknown-headline-of-many = { $name } may have no good result for { $slots } deadlines
unknown-from = kigen could not watch the cluster from { $from } to { $to }: a good result may have come and gone meanwhile. It is judged again when more is seen.
unknown-until = kigen could not watch the cluster until { $to }: a good result may have come and gone meanwhile. It is judged again when more is seen.
unknown-many-from = kigen could not watch the cluster from { $from } to { $to }: good results may have come and gone meanwhile. The deadlines are judged again when more is seen.
unknown-many-until = kigen could not watch the cluster until { $to }: good results may have come and gone meanwhile. The deadlines are judged again when more is seen.
judged-again-headline = { $name } is judged again for { $judged } deadlines
judged-again =
    { $missed ->
        [0] Of { $slots } deadlines that were unknown, { $met } had a good result in time.
        [one] Of { $slots } deadlines that were unknown, { $met } had a good result in time, and one was missed: it has a message of its own.
       *[other] Of { $slots } deadlines that were unknown, { $met } had a good result in time, and { $missed } were missed: each has a message of its own.
    }
judged-again-rest = { $rest } stay unknown: they are older than the verdicts that kigen keeps.

## Warnings before a deadline

risk-over-headline = { $name } is there in time for { $clock }
risk-over = A good result is there since { $at }.
risk-void-headline = { $name } is not at risk any more for { $clock }
risk-void = The deadline was moved, or nothing is expected for it any more.
not-started-headline = { $name } has not begun for { $clock }
not-started-brief = not started, { $left } left
not-started = No run has begun; one was expected at { $expected }.
not-started-within = No run has begun; one was expected at { $expected }, to begin within { $within }.
not-started-needs = Nine in ten of the last { $runs } good runs took up to { $needs }, and { $left } are left.
left = { $left } are left.
waiting-in-the-way = The run of { $since } is still under way and may be in the way.
waiting-suspended = Its Job exists since { $since } and is suspended.
waiting-without-pod = Its Job exists since { $since }, and no pod of it has begun.
late-headline = { $name } may be late for { $clock }
running-late-brief = runs late, { $left } left
running-late = The run that began at { $since } still runs after { $after }. Of { $runs } earlier runs that took at least as long, { $longer } took longer than the { $allowed } that this one may take.
longer-than-ever-brief = runs longer than ever, { $left } left
longer-than-ever = The run that began at { $since } still runs after { $after }: longer than each of the last { $runs } good runs, of which the longest took { $longest }.
trend-headline = { $name } will miss its deadline on { $day }
trend-brief = { $by } later each time
trend = Over the last { $slots } deadlines the result came about { $by } later from one to the next, and it comes { $margin } now. If that goes on, the first deadline that is missed is { $misses }.
level-headline = { $name } is closer to its deadline than before
level-brief = { $by } later
level = The last { $slots } results came { $now }, { $by } later than before: they came { $before }. More than half of the time that was left is used up.
margin-before = { $margin } before the deadline
margin-after = { $margin } after the deadline

## A run that did not do what is expected, but counts

expectation-headline = { $name } is there for { $clock }, but not as expected
expectation = Its run ended well, but did not do what is expected: { $broken }. By the objective it counts nevertheless.

## The budget of misses

budget-spent-headline = { $name } has spent its budget of misses
budget-half-spent-headline = { $name } has spent half of its budget of misses
brief-budget = { $missed } missed, { $left } left
budget =
    { $left ->
        [one] { $missed } of { $slots } deadlines in { $days } days were missed, with that of { $last }. The target { $target } allows { $allowed }: 1 is left. Muted and excused deadlines are not counted.
       *[other] { $missed } of { $slots } deadlines in { $days } days were missed, with that of { $last }. The target { $target } allows { $allowed }: { $left } are left. Muted and excused deadlines are not counted.
    }

## A whole cluster

silent-headline = Cluster { $cluster } is silent since { $since }
silent-objectives =
    { $objectives ->
        [0] no objective waits to be judged
        [one] 1 objective is not judged
       *[other] { $objectives } objectives are not judged
    }
silent-next = the next deadline is { $deadline } { $name }
silent = Meanwhile { $waiting }. No deadline of the cluster is called missed, and none is forgotten: all are judged once its time goes on. kigen's shipper does not run, or it cannot reach the API server or the log.
context-silent-since = silent since { $since }
context-silent = silent from { $from } to { $to } { $zone }
silence-over-headline = Cluster { $cluster } is silent no more, after { $span }
forgotten-headline = Cluster { $cluster } is no longer watched
forgotten = An operator has made kigen forget the cluster: nothing of it is judged any more.
judged-met = { $count } met
judged-missed = { $count } missed
judged-unknown = { $count } unknown
judged-excused = { $count } excused
judged-nothing = No deadline became due from { $from } to { $to }.
judged-late =
    { $all ->
        [one] 1 deadline from { $from } to { $to } was judged late: { $counts }.
       *[other] { $all } deadlines from { $from } to { $to } were judged late: { $counts }.
    }
judged-at-least = At least { $all } deadlines from { $from } to { $to } were judged late: { $counts }.
judged-misses =
    { $missed ->
        [one] The miss has a message of its own.
       *[other] Each miss has a message of its own.
    }
stalled-headline = No CronJob of cluster { $cluster } has fired since { $since }
brief-stalled = { $overdue } should have
stalled = { $overdue } CronJobs should have fired since, and none has: the CronJob controller, a part of kube-controller-manager, does not run, or what it creates is refused (a webhook, a quota). Deadlines whose runs it does not make are judged, and have no messages of their own unless they are still missed an hour after it fires again.
stalled-cron-job = { $name } ({ $expected })
context-last-fire = last fire { $since }
stall-over-headline = The CronJobs of cluster { $cluster } fire again, after { $span }
stall-over = Kubernetes makes up for the last fire of each CronJob at most (startingDeadlineSeconds). What is still missed in an hour has a message of its own then.
context-no-fire = no fire from { $from } to { $to } { $zone }

## Many alerts at once

storm-headline = { $alerts } alerts at once
storm-headline-over = { $alerts } alerts at once, { $over } of them are over
storm-what = What: { $counts }.
storm-owners = Owners: { $counts }.
storm-count = { $name } { $count }
storm-line = • { $headline }
storm-line-with-cause = • { $headline }: { $cause }
storm-more = and { $more } more.
storm-thread = Each has its message in the thread.

## After quiet hours

digest-headline = { $alerts ->
    [one] one alert
   *[other] { $alerts } alerts
 } came in the quiet hours until { $until } { $zone }, { $over ->
    [0] none of them is over
    [one] one of them is over
   *[other] { $over } of them are over
 }
digest-open = Not over:
digest-over = Over by now:

## What happened, in a word or two

no-owner = none
what-no-cron-job = no CronJob
what-suspended = suspended
what-failed = failed
what-still-running = still running
what-pending = waiting
what-never-started = never started
what-not-observed = not observed
what-not-as-expected = not as expected
what-at-risk = at risk
what-unknown = unknown
what-run-failed = run failed
what-recovered = recovered
what-retracted = retracted
what-judged-again = judged again
what-risk-over = no more at risk
what-budget-spent = budget spent
what-cluster-silent = cluster silent
what-cluster-stalled = cluster stalled
what-silence-over = silence over
what-stall-over = stall over

## What is around an alert

source-missing = It reads { $source }, which has no good result for { $deadline } either: look there first.
source-came = It reads { $source }, whose result for { $deadline } came late, at { $at }.
source-at-risk = It reads { $source }, which may be late for { $deadline }: look there first.
reader-at = { $reader } at { $at }
read-next = It is read next by { $readers }.
took-failed = It began at { $start } and failed at { $end }, after { $took }.
took = The run took { $took }.
took-and-usual = The run took { $took }; usual is { $usual }.
marks = Last deadlines
marks-value = { $marks } ({ $met } of { $judged } in time)
chart-title = When the results came
chart-axis = minutes after the deadline
chart-results = result
chart-deadlines = deadline
repeat = Repeat
resume = Resume
left-out =
    { $lines ->
        [one] { "[" }{ $lines } line left out]
       *[other] { "[" }{ $lines } lines left out]
    }
whole-error-headline = The whole error text of { $name }

## Facts below a message

job = Job
job-marked = { $job } (marked for { $mark })
job-unscheduled = { $job } (not made by a schedule)
pod = Pod
pod-of-index = { $pod } (completion index { $index })
pod-on-node = { $pod } on { $node }
reported = Reported
failed-attempts = Failed attempts
owner = Owner
objective = Objective
complete-by = complete by "{ $crontab }" { $zone }
before-starts = before { $target } starts
runbook = Runbook
look = Look
expected = Expected
failed-run = Failed run
missed-deadline = Missed deadline
fact = { $label }:

## What a receiver rejects

rejected = This message is for { $channel }, which rejected it. { $why }.
refused = Slack refuses the message ({ $code }): { $advice }
repaired =
    ✅ All that had read the late result of `{ $batch }` is repaired: { $periods ->
        [one] the one period has
       *[other] all { $periods } periods have
    } a good result again, since { $at }.
trial = `kigen doctor --test` of cluster `{ $cluster }`: messages come here.
advice-channel-not-found = there is no channel { $channel } that the bot sees; check its name, and invite the bot if it is private: /invite @kigen
advice-not-in-channel = invite the bot in { $channel }: /invite @kigen
advice-archived = { $channel } is archived; name another channel
advice-token = the token is not valid (any more); set KIGEN_SLACK_TOKEN, or write into the token_file, the bot token of the app (xoxb-...)
advice-restricted = the bot may not post in { $channel }; change who may post there, or name another channel
advice-scope = the app lacks a scope; add chat:write and install it again
advice-other = see the documentation of chat.postMessage for this word
