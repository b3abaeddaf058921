//! The language of the stories: a line is `TIME what happens`, times are local to the story's zone.

mod render;

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use kigen_calendar::Zone;
use kigen_engine::step::{Input, step};
use kigen_model::Instant;
use kigen_model::budget::Target;
use kigen_model::event::{ClusterBody, ClusterEvent, FactBody, MuteChange, Revision};
use kigen_model::key::BatchKey;
use kigen_model::labels::Labels;
use kigen_model::mute::{Mute, Repeat};
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, ReadBatch, Schedule, Severity};
use kigen_model::reported::ReportedMetrics;
use kigen_model::run::{Attempt, AttemptPhase, ConcurrencyPolicy, CronJob, Run, RunPhase};
use kigen_model::slot::Gap;
use kigen_model::stall::StallReport;
use kigen_model::working_days::WorkingDays;
use kigen_state::{BatchState, ClusterClock};

/// Plays the events of a story and returns the effects as text.
pub(crate) fn play(events: &str) -> Result<String, String> {
    let mut stage = Stage {
        key: BatchKey::new("prod", "ml", "recommend"),
        zone: Zone::utc(),
        batches: BTreeMap::new(),
        gaps: Vec::new(),
        clock: ClusterClock::default(),
        observed_until: None,
        version: 0,
        versions: HashMap::new(),
        effects: String::new(),
    };
    for (number, line) in events.lines().enumerate().skip(1) {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            stage.line(line).map_err(|problem| format!("line {}: {problem}", number + 1))?;
        }
    }
    if stage.effects.is_empty() {
        stage.effects.push_str("Nothing is said.\n");
    }
    Ok(stage.effects)
}

struct Stage {
    key: BatchKey,
    zone: Zone,
    batches: BTreeMap<BatchKey, Batch>,
    gaps: Vec<Gap>,
    /// For its calendars and mutes.
    clock: ClusterClock,
    /// The watermark of the last tick.
    observed_until: Option<Instant>,
    version: u64,
    /// The last version of each object.
    versions: HashMap<String, u64>,
    effects: String,
}

/// The state of a batch, and the objects as they are in the cluster.
struct Batch {
    state: BatchState,
    jobs: HashMap<String, Run>,
    cron_job: Option<CronJob>,
}

impl Stage {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["batch", key] => self.key = key.parse().map_err(|error| format!("{error}"))?,
            ["zone", name] => self.zone = Zone::named(name).map_err(|error| error.to_string())?,
            [date, time, "daily", rest @ ..] => self.daily(date, time, rest)?,
            [date, time, rest @ ..] => {
                let at = self.instant(&format!("{date} {time}"))?;
                self.happens(at, rest)?;
            }
            _ => return Err(format!("`{line}` is no event of a story")),
        }
        Ok(())
    }

    /// `daily 14 runs of 50m`, or `growing 4m` from one to the next, or `reporting rows=12`: each begins as it is scheduled and
    /// succeeds, and a tick follows.
    fn daily(&mut self, date: &str, time: &str, words: &[&str]) -> Result<(), String> {
        let [days, "runs", "of", took, rest @ ..] = words else {
            return Err("write `daily 14 runs of 50m`".to_owned());
        };
        let days: i32 = days.parse().map_err(|_| format!("`{days}` is no number"))?;
        let grows = after(rest, "growing").map(span).transpose()?.unwrap_or_default();
        let first: NaiveDate = date.parse().map_err(|_| format!("`{date}` is no day"))?;
        let local = |zone: &Zone, at| zone.local(at).date_time.format("%Y-%m-%d %H:%M:%S").to_string();
        for (day, date) in (0..days).zip(first.iter_days()) {
            let begins = self.instant(&format!("{date} {time}"))?;
            let ends = begins + span(took)? + grows * day;
            let (ends, then) = (local(&self.zone, ends), local(&self.zone, ends + TimeDelta::minutes(1)));
            self.line(&format!("{date} {time} job of-{date} runs for {date} {time}"))?;
            if let Some(numbers) = after(rest, "reporting") {
                self.line(&format!("{ends} pod pod-of-{date} of of-{date} succeeds reporting {numbers}"))?;
            }
            self.line(&format!("{ends} job of-{date} succeeds"))?;
            self.line(&format!("{then} tick"))?;
        }
        Ok(())
    }

    fn happens(&mut self, at: Instant, words: &[&str]) -> Result<(), String> {
        self.version += 1;
        let body = match words {
            ["tick"] => {
                self.tick(at);
                return Ok(());
            }
            ["gap", "since", "ever"] => {
                self.gaps.push(Gap::unwatched(None, at));
                return Ok(());
            }
            ["gap", "since", date, time] => {
                self.gaps.push(Gap::unwatched(Some(self.instant(&format!("{date} {time}"))?), at));
                return Ok(());
            }
            ["expired", "since", date, time] => {
                let from = Some(self.instant(&format!("{date} {time}"))?);
                self.gaps.push(Gap { from, to: at, is_of_log: true });
                return Ok(());
            }
            ["calendar", name, rest @ ..] => {
                self.calendar(at, name, rest)?;
                return Ok(());
            }
            ["mute", id, rest @ ..] => {
                self.mute(at, id, rest)?;
                return Ok(());
            }
            ["unmute", id] => {
                let change = MuteChange::Ended { at, author: "bob".to_owned() };
                self.unmute(ClusterBody::Mute { id: (*id).to_owned(), change });
                return Ok(());
            }
            ["stalled", "since", date, time] => {
                let since = self.instant(&format!("{date} {time}"))?;
                let report = StallReport { since, overdue: 3, cron_jobs: Vec::new() };
                self.cluster_event(ClusterBody::Stalled { at, report });
                return Ok(());
            }
            ["fires", "again"] => {
                self.unmute(ClusterBody::StallOver { at });
                return Ok(());
            }
            ["cronjob", rest @ ..] => FactBody::CronJob {
                revision: self.revision_of("c", rest),
                cron_job: self.cron_job(at, rest)?,
            },
            ["objective", rest @ ..] => self.objective(rest)?,
            ["job", name, rest @ ..] => {
                let run = self.run(at, name, rest)?;
                self.batch().jobs.insert((*name).to_owned(), run.clone());
                FactBody::Run { revision: self.revision_of(name, rest), run }
            }
            ["pod", pod, "of", job, rest @ ..] => FactBody::Attempt {
                revision: self.revision_of(pod, rest),
                run_uid: (*job).to_owned(),
                attempt: attempt(at, pod, rest)?,
            },
            _ => return Err(format!("`{}` is nothing that can happen", words.join(" "))),
        };
        let observed_after = self.observed_until;
        let mutes = self.clock.mutes.clone();
        let fact = Input::Fact { observed_at: at, observed_after, body, mutes: &mutes };
        for effect in step(&mut self.batch().state, fact) {
            self.effects.push_str(&render::effect(&self.zone, at, &effect));
        }
        Ok(())
    }

    /// `calendar shop off 2026-11-23 adds 2026-11-21,2026-11-22`: weekdays, without the one and with the others; with another week
    /// `week 1111001`, from Monday on; or `calendar shop withdrawn`.
    fn calendar(&mut self, at: Instant, name: &str, words: &[&str]) -> Result<(), String> {
        let day = |name: &str| {
            let days = after(words, name).into_iter().flat_map(|days| days.split(','));
            let days = days.map(|day| day.parse().map_err(|_| format!("`{day}` is no day")));
            days.collect::<Result<Vec<NaiveDate>, String>>()
        };
        let week = after(words, "week").unwrap_or("1111100");
        let working_days = WorkingDays {
            week: std::array::from_fn(|day| week.as_bytes().get(day) == Some(&b'1')),
            years: (2026, 2027),
            days_off: day("off")?,
            added: day("adds")?,
        };
        let working_days = (words != ["withdrawn"]).then_some(working_days);
        let revision = u64::try_from(at.timestamp_millis()).map_err(|_| "before 1970".to_owned())?;
        self.cluster_event(ClusterBody::Calendar { name: name.to_owned(), revision, working_days });
        Ok(())
    }

    /// `mute ID of cluster until DAY TIME`, or `of namespace:ml`, `of owner:team`, `of ml/recommend` or `of ml/recommend/name`; from
    /// then on, or `from DAY TIME`; `at CRONTAB for 4h`: it repeats.
    fn mute(&mut self, at: Instant, id: &str, words: &[&str]) -> Result<(), String> {
        let of = after(words, "of").ok_or("a mute needs `of`")?;
        let scope = of.parse()?;
        let length = after(words, "for").map(span).transpose()?;
        let repeats = after(words, "at").zip(length).map(|(crontab, length)| Repeat {
            crontab: crontab.to_owned(),
            time_zone: self.zone.name().to_owned(),
            length,
        });
        let mute = Mute {
            scope,
            from: self.time_after(words, "from")?.unwrap_or(at),
            until: self.time_after(words, "until")?.ok_or("a mute needs `until`")?,
            repeats,
            author: "ann".to_owned(),
            reason: "migration".to_owned(),
        };
        self.cluster_event(ClusterBody::Mute { id: id.to_owned(), change: MuteChange::Declared(mute) });
        Ok(())
    }

    /// What makes misses silent ends by this event.
    fn unmute(&mut self, body: ClusterBody) {
        self.cluster_event(body);
        let mutes = &self.clock.mutes;
        for Batch { state, .. } in self.batches.values_mut() {
            step(state, Input::Unmuted { mutes });
        }
    }

    fn cluster_event(&mut self, body: ClusterBody) {
        let cluster = self.key.cluster.clone();
        self.clock.step(&ClusterEvent { cluster, cluster_uid: None, epoch: 1, body });
    }

    fn batch(&mut self) -> &mut Batch {
        let key = self.key.clone();
        self.batches.entry(key.clone()).or_insert_with(|| Batch {
            state: BatchState::new(key),
            jobs: HashMap::new(),
            cron_job: None,
        })
    }

    fn tick(&mut self, observed_until: Instant) {
        self.observed_until = Some(observed_until);
        self.cluster_event(ClusterBody::Tick { observed_until, positions: Vec::new() });
        let Self { batches, gaps, clock, effects, zone, .. } = self;
        for Batch { state, .. } in batches.values_mut() {
            let (calendars, mutes) = (&clock.calendars, &clock.mutes);
            let due = Input::Due { observed_until, gaps, calendars, mutes };
            while state.next_due().is_some_and(|due| due <= observed_until) {
                for effect in step(state, due.clone()) {
                    effects.push_str(&render::effect(zone, observed_until, &effect));
                }
            }
        }
    }

    fn revision(&self, uid: &str) -> Revision {
        Revision { uid: uid.to_owned(), resource_version: self.version }
    }

    /// `stale` in a line: an old version of the object, delivered after a newer one. `more`: the same version as before, with
    /// more detail.
    fn revision_of(&mut self, uid: &str, words: &[&str]) -> Revision {
        let version = match self.versions.get(uid) {
            _ if words.contains(&"stale") => 1,
            Some(version) if words.contains(&"more") => *version,
            _ => self.version,
        };
        self.versions.insert(uid.to_owned(), version);
        Revision { resource_version: version, ..self.revision(uid) }
    }

    fn cron_job(&mut self, at: Instant, words: &[&str]) -> Result<Option<CronJob>, String> {
        let (last_scheduled_at, last_succeeded_at) =
            (self.time_after(words, "last-scheduled")?, self.time_after(words, "last-succeeded")?);
        let known = self.batch().cron_job.take();
        let created_at = known.as_ref().map_or(at, |known| known.created_at);
        let mut cron_job = match (words, known) {
            (["deleted"], _) => return Ok(None),
            (["suspended" | "resumed" | "says", ..], Some(known)) => known,
            ([schedule, ..], known) => CronJob {
                schedule: (*schedule).to_owned(),
                time_zone: known.as_ref().and_then(|known| known.time_zone.clone()),
                suspended: false,
                concurrency: known.as_ref().and_then(|known| known.concurrency),
                created_at,
                last_scheduled_at: None,
                last_succeeded_at: None,
            },
            _ => return Err("what about the CronJob?".to_owned()),
        };
        cron_job.suspended = words.contains(&"suspended");
        cron_job.concurrency = match after(words, "concurrency") {
            None => cron_job.concurrency,
            Some("Allow") => Some(ConcurrencyPolicy::Allow),
            Some("Forbid") => Some(ConcurrencyPolicy::Forbid),
            Some("Replace") => Some(ConcurrencyPolicy::Replace),
            Some(other) => return Err(format!("`{other}` is no concurrencyPolicy")),
        };
        if let Some(zone) = after(words, "zone") {
            cron_job.time_zone = Some(zone.to_owned());
        }
        cron_job.last_scheduled_at = last_scheduled_at.or(cron_job.last_scheduled_at);
        cron_job.last_succeeded_at = last_succeeded_at.or(cron_job.last_succeeded_at);
        self.batch().cron_job = Some(cron_job.clone());
        Ok(Some(cron_job))
    }

    fn objective(&self, words: &[&str]) -> Result<FactBody, String> {
        let name = after(words, "named").unwrap_or("complete-by").to_owned();
        let revision = self.revision(&name);
        if words.first() == Some(&"withdrawn") {
            return Ok(FactBody::Objective { name, revision, objective: None });
        }
        let objective = Objective {
            is_of_jobs: words.contains(&"of-jobs"),
            deadlines: deadlines(words)?,
            time_zone: after(words, "zone").map(str::to_owned),
            grace: after(words, "grace").map_or(Ok(TimeDelta::zero()), span)?,
            settle: after(words, "settle")
                .map_or(Ok(TimeDelta::seconds(Objective::SETTLE_DEFAULT_S)), span)?,
            freshness: after(words, "freshness").map(span).transpose()?,
            starts: after(words, "starts").map(str::to_owned),
            calendar: after(words, "calendar").map(str::to_owned),
            start_by: after(words, "start-by").map(span).transpose()?,
            expect: after(words, "expect").map(kigen_objective::expect::annotated).transpose()?,
            target: after(words, "target")
                .map(|text| text.parse::<Target>().map_err(|error| error.to_string()))
                .transpose()?,
            severity: Severity::Fatal,
            owner: after(words, "owner").map(str::to_owned),
            runbook: None,
            labels: Labels::default(),
            source: if words.contains(&"in-a-file") {
                ObjectiveSource::File
            } else if words.contains(&"by-an-object") {
                ObjectiveSource::Object
            } else if words.contains(&"by-a-selector") {
                ObjectiveSource::Selector
            } else {
                ObjectiveSource::Annotation
            },
        };
        Ok(FactBody::Objective { name, revision, objective: Some(objective) })
    }

    fn run(&mut self, at: Instant, name: &str, words: &[&str]) -> Result<Run, String> {
        let ended_at = self.time_after(words, "at")?.unwrap_or(at);
        let mut run = match self.batch().jobs.get(name) {
            Some(run) => run.clone(),
            None => Run {
                job: name.to_owned(),
                scheduled_at: None,
                // It was made before it ended.
                created_at: self.time_after(words, "made")?.unwrap_or(at.min(ended_at)),
                started_at: None,
                phase: RunPhase::Pending,
                failed_pods: 0,
                slot: None,
            },
        };
        run.scheduled_at = self.time_after(words, "for")?.or(run.scheduled_at);
        if let Some(slot) = after(words, "marked") {
            run.slot = Some(slot.parse().map_err(|error| format!("{error}"))?);
        }
        match words.first().copied() {
            Some("created") => {}
            // The Job controller has started it, and no pod of it is ready.
            Some("waits") => {
                run.started_at = run.started_at.or(Some(at));
                run.phase = RunPhase::Pending;
            }
            Some("suspended") => {
                run.started_at = None;
                run.phase = RunPhase::Suspended;
            }
            Some("runs") => {
                run.started_at = run.started_at.or(Some(at));
                run.phase = RunPhase::Running;
            }
            Some("succeeds") => {
                run.started_at = run.started_at.or(Some(run.created_at));
                run.phase = RunPhase::Succeeded { completed_at: ended_at };
            }
            Some("fails") => {
                let reason = words.get(1).copied().unwrap_or("BackoffLimitExceeded").to_owned();
                let message = after(words, "saying").unwrap_or_default().to_owned();
                run.failed_pods += 1;
                run.phase = RunPhase::Failed { failed_at: ended_at, reason, message };
            }
            Some("retries") => {
                run.failed_pods += 1;
                run.phase = RunPhase::Pending;
            }
            Some("deleted") => run.phase = RunPhase::Deleted { observed_at: at },
            other => return Err(format!("a job does not do `{}`", other.unwrap_or_default())),
        }
        Ok(run)
    }

    /// The date and time after `name`, if the line has them.
    fn time_after(&self, words: &[&str], name: &str) -> Result<Option<Instant>, String> {
        let Some(i) = words.iter().position(|word| *word == name) else {
            return Ok(None);
        };
        let time = words.get(i + 1..i + 3).ok_or_else(|| format!("`{name}` needs a date and a time"))?;
        self.instant(&time.join(" ")).map(Some)
    }

    fn instant(&self, text: &str) -> Result<Instant, String> {
        let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .ok_or_else(|| format!("`{text}` is not a time like 2026-11-23 12:00"))?;
        // A zone maps instants to local times only, so the instant is found by the offset near it.
        let guess = local.and_utc();
        let offset = self.zone.local(guess).offset_s;
        let guess = guess - TimeDelta::seconds(offset.into());
        let offset = self.zone.local(guess).offset_s;
        Ok(local.and_utc() - TimeDelta::seconds(offset.into()))
    }
}

fn attempt(at: Instant, pod: &str, words: &[&str]) -> Result<Attempt, String> {
    let reason = after(words, "reason").map(str::to_owned);
    let message = after(words, "saying").map(str::to_owned);
    let phase = match words.first().copied() {
        Some("waits") => AttemptPhase::Waiting { reason, message },
        Some("runs") => AttemptPhase::Running { since: Some(at) },
        Some("succeeds") => AttemptPhase::Succeeded { finished_at: Some(at) },
        Some("fails") => {
            let exit_code =
                after(words, "exit").map(|code| code.parse().map_err(|_| format!("exit `{code}`")));
            AttemptPhase::Failed { finished_at: Some(at), exit_code: exit_code.transpose()?, reason, message }
        }
        other => return Err(format!("a pod does not do `{}`", other.unwrap_or_default())),
    };
    let restarts = after(words, "restarted").map_or(Ok(0), |times| times.parse());
    Ok(Attempt {
        pod: pod.to_owned(),
        node: Some("node-1".to_owned()),
        restarts: restarts.map_err(|_| "`restarted` needs a number".to_owned())?,
        phase,
        metrics: after(words, "reporting").map_or(Ok(ReportedMetrics::default()), reported)?,
        containers: Vec::new(),
    })
}

/// Numbers like `rows=120345,auc=0.81`.
fn reported(text: &str) -> Result<ReportedMetrics, String> {
    let number = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    let numbers: Option<Vec<_>> = text.split(',').map(number).collect();
    numbers.map(ReportedMetrics::new).ok_or(format!("`{text}` is not like rows=120345,auc=0.81"))
}

/// The word after `name`.
fn after<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().position(|word| *word == name).and_then(|i| words.get(i + 1)).copied()
}

fn deadlines(words: &[&str]) -> Result<Deadlines, String> {
    if let Some(sources) = after(words, "reads") {
        let source = |name: &str| {
            let (namespace, batch) = name.split_once('/').ok_or("`reads` needs namespace/name")?;
            Ok::<_, String>(ReadBatch { namespace: namespace.to_owned(), batch: batch.to_owned() })
        };
        return Ok(Deadlines::Reads { sources: sources.split(',').map(source).collect::<Result<_, _>>()? });
    }
    let Some(target) = after(words, "before") else {
        let crontab = after(words, "complete-by").ok_or("an objective needs `complete-by` or `before`")?;
        return Ok(Deadlines::CompleteBy { crontab: crontab.to_owned() });
    };
    let (namespace, cron_job) = target.split_once('/').ok_or("`before` needs a namespace/name")?;
    let schedule = after(words, "which-fires").map(|crontab| Schedule {
        crontab: crontab.to_owned(),
        time_zone: after(words, "in").map(str::to_owned),
    });
    Ok(Deadlines::Before { namespace: namespace.to_owned(), cron_job: cron_job.to_owned(), schedule })
}

/// A span like `10m`, `3d`, `1h` or `45s`.
fn span(text: &str) -> Result<TimeDelta, String> {
    let unit = text.chars().next_back();
    let seconds = match unit {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(format!("`{text}` is no span like 10m")),
    };
    let number: i64 = text[..text.len() - 1].parse().map_err(|_| format!("`{text}` is no span like 10m"))?;
    Ok(TimeDelta::seconds(number * seconds))
}

/// The words of a line; a text in double quotes is one word.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in line.split('"').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
