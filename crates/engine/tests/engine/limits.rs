//! The limits of a batch's state: what is refused with a warning, and which history is dropped.

use chrono::TimeDelta;
use expect_test::{Expect, expect};
use kigen_engine::effect::Effect;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::event::{Fact, FactBody, Revision};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Schedule, Severity};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, CronJob, Run, RunPhase};
use kigen_state::{BatchState, Calendars, Mutes, OBJECTIVES_MAX, Plan, REFUSED_MAX, RUNS_MAX, SUCCESSES_MAX};

struct Batch {
    state: BatchState,
    version: u64,
}

impl Batch {
    fn new() -> Self {
        Self { state: BatchState::new(BatchKey::new("prod", "ml", "recommend")), version: 0 }
    }

    /// Applies a fact and returns the warnings.
    fn apply(&mut self, make: impl FnOnce(Revision) -> FactBody) -> Vec<String> {
        self.version += 1;
        let revision = Revision { uid: format!("uid-{}", self.version), resource_version: self.version };
        let fact = Fact { key: self.state.key.clone(), observed_at: at(self.version), body: make(revision) };
        let effects = step(&mut self.state, fact.into());
        let warnings = effects.into_iter().filter_map(|effect| match effect {
            Effect::Warn(warning) => Some(warning.text),
            Effect::Raise(_) | Effect::Judge(_) => None,
        });
        warnings.collect()
    }

    fn objective(&mut self, name: &str, objective: Option<Objective>) -> Vec<String> {
        self.apply(|revision| FactBody::Objective { name: name.to_owned(), revision, objective })
    }

    fn cron_job(&mut self, schedule: &str) -> Vec<String> {
        let cron_job = CronJob {
            schedule: schedule.to_owned(),
            time_zone: None,
            suspended: false,
            concurrency: None,
            created_at: at(0),
            last_scheduled_at: None,
            last_succeeded_at: None,
        };
        self.apply(|revision| FactBody::CronJob { revision, cron_job: Some(cron_job) })
    }

    fn run(&mut self, uid: &str, phase: RunPhase) -> Vec<String> {
        let run = run(uid, at(self.version), phase);
        self.apply(|revision| FactBody::Run { revision: Revision { uid: uid.to_owned(), ..revision }, run })
    }

    fn attempt(&mut self, run_uid: &str, message: &str) {
        let phase = AttemptPhase::Failed {
            finished_at: None,
            exit_code: Some(1),
            reason: None,
            message: Some(message.to_owned()),
        };
        let pod = format!("pod-{}", self.version);
        let attempt = Attempt {
            pod,
            node: None,
            restarts: 0,
            phase,
            metrics: ReportedMetrics::default(),
            containers: Vec::new(),
        };
        self.apply(|revision| FactBody::Attempt { revision, run_uid: run_uid.to_owned(), attempt });
    }

    fn runs(&self) -> Vec<(&str, usize)> {
        self.state.runs.iter().map(|run| (run.run.job.as_str(), run.attempts.len())).collect()
    }
}

fn at(minutes: u64) -> Instant {
    let start: Instant = "2026-11-20T00:00:00Z".parse().expect("an instant");
    start + TimeDelta::minutes(i64::try_from(minutes).expect("small"))
}

fn objective(complete_by: &str, runbook: &str) -> Objective {
    Objective {
        is_of_jobs: false,
        deadlines: Deadlines::CompleteBy { crontab: complete_by.to_owned() },
        time_zone: None,
        grace: TimeDelta::zero(),
        settle: TimeDelta::seconds(30),
        freshness: None,
        starts: None,
        calendar: None,
        start_by: None,
        expect: None,
        target: None,
        severity: Severity::Fatal,
        owner: None,
        runbook: Some(runbook.to_owned()),
        labels: Labels::default(),
        source: ObjectiveSource::File,
    }
}

fn run(job: &str, created_at: Instant, phase: RunPhase) -> Run {
    Run {
        job: job.to_owned(),
        scheduled_at: None,
        created_at,
        started_at: None,
        phase,
        failed_pods: 0,
        slot: None,
    }
}

fn failed(message: &str) -> RunPhase {
    RunPhase::Failed { failed_at: at(0), reason: "Error".to_owned(), message: message.to_owned() }
}

fn check(warnings: &[String], expected: &Expect) {
    expected.assert_eq(&warnings.join("\n"));
}

#[test]
fn a_fact_with_a_name_that_kubernetes_would_not_allow_is_dropped_with_a_warning() {
    let mut batch = Batch::new();
    assert!(batch.run(&"j".repeat(253), RunPhase::Running).is_empty());
    check(
        &batch.run(&"j".repeat(254), RunPhase::Running),
        &expect![
            "something about prod/ml/recommend is left out: a name or UID in it has more than 253 bytes, which Kubernetes does not allow"
        ],
    );
    assert_eq!(batch.state.runs.len(), 1);
}

#[test]
fn a_crontab_that_is_too_long_is_refused_as_too_long() {
    let mut batch = Batch::new();
    let fits = format!("{}0 6 * * *", " ".repeat(4_096 - 9));
    assert!(batch.objective("fits", Some(objective(&fits, ""))).is_empty());
    check(
        &batch.objective("long", Some(objective(&format!(" {fits}"), ""))),
        &expect![
            "objective `long` of prod/ml/recommend is not judged: the crontab has 4097 bytes, of at most 4096: use ranges and steps such as `*/5`"
        ],
    );
    assert!(matches!(batch.state.objectives["long"].plan, Plan::Unresolved { .. }));
}

#[test]
fn other_crontabs_that_are_too_long_are_refused_as_too_long() {
    let mut batch = Batch::new();
    let long = format!("{}0 6 * * *", " ".repeat(4_097 - 9));
    let refusal = "the crontab has 4097 bytes, of at most 4096";
    let starts = Objective { starts: Some(long.clone()), ..objective("0 6 * * *", "") };
    let schedule = Some(Schedule { crontab: long.clone(), time_zone: None });
    let deadlines = Deadlines::Before { namespace: "dwh".to_owned(), cron_job: "b".to_owned(), schedule };
    let before = Objective { deadlines, ..objective("", "") };
    for (name, objective) in [("starts", starts), ("before", before)] {
        let warnings = batch.objective(name, Some(objective));
        assert!(matches!(&warnings[..], [one] if one.contains(refusal)), "{warnings:?}");
    }
    let warnings = batch.cron_job(&long);
    assert!(matches!(&warnings[..], [one] if one.contains(refusal)), "{warnings:?}");
}

#[test]
fn a_text_is_cut_at_the_end_of_a_character() {
    let mut batch = Batch::new();
    batch.objective("cut", Some(objective("0 6 * * *", &"é".repeat(300))));
    batch.objective("whole", Some(objective("0 6 * * *", &"é".repeat(256))));
    let runbook = |name: &str| batch.state.objectives[name].objective.runbook.clone().expect("a runbook");
    assert_eq!((runbook("cut"), runbook("whole")), ("é".repeat(256), "é".repeat(256)));
}

#[test]
fn one_objective_too_many_is_refused_until_another_is_withdrawn() {
    let mut batch = Batch::new();
    for number in 0..OBJECTIVES_MAX {
        assert!(batch.objective(&format!("o{number}"), Some(objective("0 6 * * *", ""))).is_empty());
    }
    check(
        &batch.objective("more", Some(objective("0 6 * * *", ""))),
        &expect![
            "objective `more` of prod/ml/recommend is not judged as it is written now: it has 16 objectives, the most a batch may have"
        ],
    );
    assert!(batch.objective("o3", Some(objective("0 7 * * *", ""))).is_empty(), "an edit of a known one");
    batch.objective("o3", None);
    let due = batch.state.next_due().expect("a slot");
    while batch.state.next_due().is_some_and(|next| next <= due + TimeDelta::days(1)) {
        step(
            &mut batch.state,
            Input::Due {
                observed_until: due + TimeDelta::days(1),
                gaps: &[],
                calendars: Calendars::NONE,
                mutes: Mutes::NONE,
            },
        );
    }
    assert!(batch.objective("more", Some(objective("0 6 * * *", ""))).is_empty());
}

#[test]
fn objectives_that_are_too_long_together_are_refused() {
    let mut batch = Batch::new();
    let long = format!("{} 6 * * *", vec!["0"; 2_000].join(","));
    let refused: Vec<String> = (0..12)
        .flat_map(|number| batch.objective(&format!("o{number}"), Some(objective(&long, ""))))
        .collect();
    check(
        &refused[..1],
        &expect![
            "objective `o8` of prod/ml/recommend is not judged as it is written now: its objectives together are longer than kigen keeps; write shorter ones, or fewer"
        ],
    );
    assert_eq!(batch.state.objectives.len() + refused.len(), 12);
    assert!(batch.state.objectives.len() >= 8, "{}", batch.state.objectives.len());
}

#[test]
fn the_oldest_run_that_has_ended_is_dropped_first_and_one_under_way_is_kept() {
    let mut batch = Batch::new();
    batch.run("open", RunPhase::Running);
    for number in 0..RUNS_MAX {
        batch.run(&format!("j{number}"), failed(""));
    }
    let runs = batch.runs();
    assert_eq!((runs.len(), runs[0].0, runs[1].0), (RUNS_MAX, "open", "j1"));
}

#[test]
fn attempts_of_ended_runs_are_dropped_first_then_those_runs() {
    let mut batch = Batch::new();
    let page = "x".repeat(4_096);
    batch.cron_job("0 1 * * *");
    batch.objective("o", Some(objective("0 6 * * *", "")));
    batch.run("open", RunPhase::Running);
    batch.attempt("open", &page);
    for number in 0..6 {
        let uid = format!("j{number}");
        batch.run(&uid, RunPhase::Running);
        batch.attempt(&uid, &page);
        batch.attempt(&uid, &page);
        batch.run(&uid, failed(&page));
    }
    expect![[r#"[("open", 1), ("j0", 0), ("j1", 0), ("j2", 2), ("j3", 2), ("j4", 2), ("j5", 2)]"#]]
        .assert_eq(&format!("{:?}", batch.runs()));
    for number in 6..20 {
        batch.run(&format!("j{number}"), failed(&page));
    }
    expect![[r#"[("open", 1), ("j6", 0), ("j7", 0), ("j8", 0), ("j9", 0), ("j10", 0), ("j11", 0), ("j12", 0), ("j13", 0), ("j14", 0), ("j15", 0), ("j16", 0), ("j17", 0), ("j18", 0), ("j19", 0)]"#]].assert_eq(&format!("{:?}", batch.runs()));
    assert_eq!((batch.state.objectives.len(), batch.state.cron_job.is_some()), (1, true));
}

#[test]
fn verdicts_are_dropped_next_except_the_last_then_old_schedules_then_attempts_of_runs_under_way() {
    let mut batch = Batch::new();
    let page = "x".repeat(4_096);
    for minute in 0..3 {
        batch.cron_job(&format!("{minute} 1 * * *"));
    }
    batch.objective("o", Some(objective("0 6 * * *", "")));
    for _ in 0..4 {
        let due = batch.state.next_due().expect("a slot");
        step(
            &mut batch.state,
            Input::Due { observed_until: due, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
        );
    }
    let kept = |batch: &Batch| {
        let edits = batch.state.cron_job.as_ref().expect("a CronJob").edits.len();
        let attempts: usize = batch.state.runs.iter().map(|run| run.attempts.len()).sum();
        (batch.state.objectives["o"].verdicts.len(), edits, attempts)
    };
    let mut seen = vec![kept(&batch)];
    for number in 0..10 {
        let uid = format!("j{number}");
        batch.run(&uid, RunPhase::Running);
        for _ in 0..3 {
            batch.attempt(&uid, &page);
            seen.push(kept(&batch));
        }
    }
    seen.dedup_by_key(|(verdicts, edits, _)| (*verdicts, *edits));
    // The last page that nearly fits costs one verdict. A verdict or a schedule is small beside a page, so all that can be
    // dropped is dropped when the next does not fit.
    assert_eq!(seen, [(4, 3, 0), (3, 3, 15), (1, 1, 15)]);
    assert_eq!(kept(&batch), (1, 1, 15));
    assert_eq!(batch.state.runs.len(), 10);
}

#[test]
fn a_success_counts_after_its_run_is_dropped() {
    let mut batch = Batch::new();
    let grace = TimeDelta::minutes(10);
    let by_six = Objective { is_of_jobs: true, grace, ..objective("0 6 * * *", "") };
    batch.objective("ready", Some(by_six));
    let first = batch.state.next_due().expect("a slot");
    step(
        &mut batch.state,
        Input::Due { observed_until: first, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
    );
    let in_slot = first + TimeDelta::hours(1);
    let minute = u64::try_from((in_slot - at(0)).num_minutes()).expect("later");
    batch.version = minute;
    // Within the grace of the deadline, which is a day after the first.
    let completed_at = first + TimeDelta::days(1) - TimeDelta::seconds(Objective::SETTLE_DEFAULT_S);
    batch.run("good", RunPhase::Succeeded { completed_at });
    for number in 0..RUNS_MAX {
        batch.run(&format!("j{number}"), failed(""));
    }
    assert!(batch.runs().iter().all(|(job, _)| *job != "good"), "{:?}", batch.runs());
    let due = batch.state.next_due().expect("a slot");
    let effects = step(
        &mut batch.state,
        Input::Due { observed_until: due, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
    );
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Raise(_))), "{effects:?}");
}

#[test]
fn a_refused_objective_is_judged_as_soon_as_another_is_withdrawn() {
    let mut batch = Batch::new();
    for number in 0..OBJECTIVES_MAX {
        batch.objective(&format!("o{number}"), Some(objective("0 6 * * *", "")));
    }
    assert_eq!(batch.objective("more", Some(objective("0 7 * * *", ""))).len(), 1);
    assert_eq!(batch.objective("never", Some(objective("0 7 * * *", ""))).len(), 1);
    assert!(batch.objective("never", None).is_empty(), "one that is refused can be withdrawn");
    batch.objective("o3", None);
    let due = batch.state.next_due().expect("a slot") + TimeDelta::days(1);
    let mut warnings = 0;
    while batch.state.next_due().is_some_and(|next| next <= due) {
        let effects = step(
            &mut batch.state,
            Input::Due { observed_until: due, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
        );
        warnings += effects.iter().filter(|effect| matches!(effect, Effect::Warn(_))).count();
    }
    assert_eq!(warnings, 0);
    assert!(matches!(batch.state.objectives["more"].plan, Plan::Open(_)));
    assert!(!batch.state.objectives.contains_key("o3"));
    assert!(batch.state.refused.is_empty());
}

#[test]
fn an_edit_without_room_is_in_force_as_soon_as_there_is_room() {
    let mut batch = Batch::new();
    let long = format!("{} 6 * * *", vec!["0"; 2_000].join(","));
    for number in 0..8 {
        assert!(batch.objective(&format!("o{number}"), Some(objective(&long, ""))).is_empty());
    }
    assert!(batch.objective("short", Some(objective("0 6 * * *", ""))).is_empty());
    assert_eq!(batch.objective("short", Some(objective(&long, ""))).len(), 1);
    assert_eq!(batch.state.refused.len(), 1);
    assert!(batch.objective("o0", Some(objective("0 6 * * *", ""))).is_empty());
    let crontab = match &batch.state.objectives["short"].objective.deadlines {
        Deadlines::CompleteBy { crontab } => crontab.len(),
        Deadlines::Before { .. } | Deadlines::Reads { .. } => 0,
    };
    assert_eq!((crontab, batch.state.refused.len()), (long.len(), 0));
}

#[test]
fn successes_are_kept_apart_while_they_are_needed_and_within_their_limit() {
    let mut batch = Batch::new();
    let fresh = Objective { freshness: Some(TimeDelta::days(3)), ..objective("0 6 * * *", "") };
    batch.objective("fresh", Some(Objective { is_of_jobs: true, ..fresh }));
    for number in 0..500 {
        let completed_at = at(batch.version);
        batch.run(&format!("j{number}"), RunPhase::Succeeded { completed_at });
    }
    assert_eq!((batch.state.runs.len(), batch.state.successes.len()), (RUNS_MAX, SUCCESSES_MAX));
    let starts: Vec<i64> =
        batch.state.successes.iter().map(|known| (known.nominal_start - at(0)).num_minutes()).collect();
    let widest = starts.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(starts[0] < 5 && starts[SUCCESSES_MAX - 1] > 460, "{starts:?}");
    assert!(widest <= Some(16), "they are spread over 468 minutes: {starts:?}");
    batch.objective("fresh", None);
    let due = batch.state.next_due().expect("a slot") + TimeDelta::days(1);
    while batch.state.next_due().is_some_and(|next| next <= due) {
        step(
            &mut batch.state,
            Input::Due { observed_until: due, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
        );
    }
    assert!(batch.state.successes.is_empty(), "no objective needs them");
}

#[test]
fn when_the_work_ended_is_known_after_the_attempt_that_shows_it_is_dropped() {
    let mut batch = Batch::new();
    batch.objective("ready", Some(Objective { is_of_jobs: true, ..objective("0 6 * * *", "") }));
    let first = batch.state.next_due().expect("a slot");
    step(
        &mut batch.state,
        Input::Due { observed_until: first, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
    );
    batch.version = u64::try_from((first - at(0)).num_minutes()).expect("later") + 60;
    batch.run("good", RunPhase::Running);
    let deadline = first + TimeDelta::days(1) - TimeDelta::seconds(Objective::SETTLE_DEFAULT_S);
    // The controller was away, so it dates the completion an hour after the deadline.
    batch.apply(|revision| FactBody::Attempt {
        revision,
        run_uid: "good".to_owned(),
        attempt: Attempt {
            pod: "good-1".to_owned(),
            node: None,
            restarts: 0,
            phase: AttemptPhase::Succeeded { finished_at: Some(deadline - TimeDelta::minutes(1)) },
            metrics: ReportedMetrics::default(),
            containers: Vec::new(),
        },
    });
    let completed_at = deadline + TimeDelta::hours(1);
    batch.run("good", RunPhase::Succeeded { completed_at });
    for number in 0..20 {
        let uid = format!("j{number}");
        batch.run(&uid, RunPhase::Running);
        batch.attempt(&uid, &"x".repeat(4_096));
    }
    assert!(batch.state.run("good").is_none_or(|good| good.attempts.is_empty()));
    // Moves the deadline by a minute, which plans the slot anew.
    batch.objective("ready", Some(Objective { is_of_jobs: true, ..objective("1 6 * * *", "") }));
    let due = batch.state.next_due().expect("a slot");
    let effects = step(
        &mut batch.state,
        Input::Due { observed_until: due, gaps: &[], calendars: Calendars::NONE, mutes: Mutes::NONE },
    );
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Raise(_))), "{effects:?}");
}

/// A shipper that resumes from the state must know that it is not all that was emitted.
#[test]
fn a_state_dates_what_is_left_out_of_what_still_holds() {
    let mut batch = Batch::new();
    for number in 0..=RUNS_MAX {
        assert_eq!(batch.state.left_out_at, None);
        batch.run(&format!("open{number}"), RunPhase::Running);
    }
    let dropped_at = at(batch.version);
    assert_eq!(batch.state.left_out_at, Some(dropped_at));
    for number in 1..=RUNS_MAX {
        batch.run(&format!("open{number}"), failed(""));
    }
    batch.run("more", RunPhase::Running);
    assert_eq!(batch.state.left_out_at, Some(dropped_at), "a run that has ended is no loss");
}

#[test]
fn an_objective_without_room_to_wait_is_left_out() {
    let mut batch = Batch::new();
    for number in 0..OBJECTIVES_MAX + REFUSED_MAX {
        batch.objective(&format!("o{number:02}"), Some(objective("0 6 * * *", "")));
    }
    assert_eq!((batch.state.refused.len(), batch.state.left_out_at), (REFUSED_MAX, None));
    batch.objective("o99", Some(objective("0 6 * * *", "")));
    assert_eq!(batch.state.left_out_at, Some(at(batch.version)));
}

#[test]
fn a_text_that_is_too_long_to_be_kept_whole_is_left_out_but_not_that_of_a_failure() {
    let mut batch = Batch::new();
    batch.run("j", failed(&"x".repeat(5_000)));
    batch.objective("o", Some(objective("0 6 * * *", &"r".repeat(512))));
    assert_eq!(batch.state.left_out_at, None);
    batch.objective("o", Some(objective("0 6 * * *", &"r".repeat(513))));
    assert_eq!(batch.state.left_out_at, Some(at(batch.version)));
    let mut batch = Batch::new();
    batch.cron_job(&"0 ".repeat(4_096));
    assert_eq!(batch.state.left_out_at, Some(at(batch.version)));
}
