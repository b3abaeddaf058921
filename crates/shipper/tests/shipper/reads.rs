//! What the annotation `kigen.dev/reads`, and an object with `reads`, make of a batch: facts without deadlines, and what is wrong with
//! them.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expect_test::expect;
use kigen_model::event::FactBody;
use kigen_playback::clock::Pace;
use kigen_playback::generate::{Cluster, CronJobPlan};
use serde_json::json;

use crate::support::shipping::{Shipping, Start};

const READS: &str = "kigen.dev/reads";

fn at(minutes: i64) -> DateTime<Utc> {
    let start = Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant");
    start + TimeDelta::minutes(minutes)
}

async fn play_until(shipping: &mut Shipping, minutes: i64) {
    shipping.server.clock().advance_to(at(minutes));
    shipping.until_ticked(at(minutes)).await;
}

/// `dwh/report` reads two batches, then one, then none; and is deleted while it reads one again. An object has what
/// `dwh/newsletter` reads.
async fn ship() -> Shipping {
    let mut cluster = Cluster::new(at(0));
    for (namespace, name) in [("ml", "recommend"), ("dwh", "prices"), ("dwh", "newsletter")] {
        cluster.cron_job(CronJobPlan::new(namespace, name, "0 8 * * *"));
    }
    let report = CronJobPlan::new("dwh", "report", "0 12 * * *");
    cluster.cron_job(report.annotation(READS, "prices, ml/recommend"));
    let spec = json!({"batch": {"cronJob": "newsletter"}, "reads": ["report"]});
    cluster.objective("dwh", "newsletter-reads", at(0), Some(spec));
    cluster.annotate("dwh", "report", at(10), READS, Some("ml/recommend"));
    cluster.annotate("dwh", "report", at(20), READS, None);
    cluster.annotate("dwh", "report", at(30), READS, Some("ml/recomend"));
    cluster.delete_cron_job("dwh", "report", at(40));
    // The clock runs as long as this exists.
    cluster.cron_job(CronJobPlan::new("end", "end", "@yearly"));
    cluster.delete_cron_job("end", "end", at(120));
    let history = cluster.build().expect("a history");
    Start { objectives: true, ..Start::of(history, Pace::Manual) }.start().await
}

/// What was written of objectives, one batch after the other.
fn written(shipping: &Shipping) -> String {
    let line = |fact: &kigen_model::event::Fact| match &fact.body {
        FactBody::Objective { name, objective, .. } => {
            let reads = objective.as_ref().and_then(|objective| objective.reads());
            let reads = reads.map_or("nothing any more".to_owned(), |sources| {
                let names = sources.iter().map(|source| format!("{}/{}", source.namespace, source.batch));
                names.collect::<Vec<_>>().join(", ")
            });
            Some(format!("{} `{name}` reads {reads}", fact.key.batch))
        }
        FactBody::CronJob { .. } | FactBody::Run { .. } | FactBody::Attempt { .. } => None,
    };
    let mut lines: Vec<String> = shipping.facts().filter_map(line).collect();
    // Streams open in any order.
    lines.sort_by_key(|line| line.starts_with("report"));
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_batch_reads_is_written_followed_and_withdrawn_with_its_cron_job() {
    let mut shipping = ship().await;
    play_until(&mut shipping, 15).await;
    // The next shipper knows what was written, and writes it only in a resync.
    shipping.restart(2);
    play_until(&mut shipping, 25).await;
    play_until(&mut shipping, 50).await;
    expect![[r#"
        newsletter `newsletter-reads` reads dwh/report
        report `reads` reads dwh/prices, ml/recommend
        report `reads` reads ml/recommend
        report `reads` reads nothing any more
        report `reads` reads ml/recomend
        report `complete-by` reads nothing any more
        report `reads` reads nothing any more"#]]
    .assert_eq(&written(&shipping));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_read_and_that_nothing_is_known_of_is_a_problem_of_what_names_it() {
    let mut shipping = ship().await;
    play_until(&mut shipping, 35).await;
    let resolutions = shipping.shipper.resolutions();
    let of_annotations: Vec<String> =
        resolutions.annotated.iter().map(|(key, problem)| format!("{}: {problem}", key.batch)).collect();
    expect!["report: the annotation `kigen.dev/reads`: there is no CronJob recomend in the namespace ml, nor an objective of Jobs of that name, so nothing of it is known"].assert_eq(&of_annotations.join("\n"));
    play_until(&mut shipping, 50).await;
    let resolutions = shipping.shipper.resolutions();
    assert!(resolutions.annotated.is_empty(), "{:?}", resolutions.annotated);
    let of_objects: Vec<&String> =
        resolutions.objects.values().filter_map(|resolution| resolution.problem.as_ref()).collect();
    expect![[r#"["there is no CronJob report in the namespace dwh, nor an objective of Jobs of that name, so nothing of it is known"]"#]].assert_eq(&format!("{of_objects:?}"));
}
