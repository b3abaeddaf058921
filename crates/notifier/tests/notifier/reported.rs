//! The numbers that a run reported, as a message has them.

use expect_test::expect;
use kigen_model::alert::AlertBody;

use crate::alerts::{attempt, recovered, reporting};
use crate::messages::check;

#[test]
fn a_late_result_with_reported_metrics() {
    let mut alert = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
    let AlertBody::SlotRecovered { run, .. } = &mut alert.body else { panic!("a recovery") };
    let numbers =
        [("rows", 120_345.0), ("auc", 0.81), ("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0), ("e", 5.0)];
    run.last_attempt = Some(reporting(attempt(), &numbers));
    check(
        &alert,
        expect![[r#"
            ▌ 🟢 ml/recommend is done, 12 min late
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ A good result is there since 12:42:10. The run took 42 min. The incident is
            ▌ over.
            ▌ Job: recommend-29380500
            ▌ Reported: a 1, auc 0.81, b 2, c 3, d 4, e 5 and 1 more
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
        "#]],
    );
}

#[test]
fn a_metric_name_that_would_mention_the_channel() {
    let mut alert = recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", 1);
    let AlertBody::SlotRecovered { run, .. } = &mut alert.body else { panic!("a recovery") };
    run.last_attempt = Some(reporting(attempt(), &[("<!channel> \u{202e}token=abc", 1.0)]));
    check(
        &alert,
        expect![[r#"
            ▌ 🟢 ml/recommend is done, 12 min late
            ▌ deadline Fri 20 Nov 12:30 Asia/Tokyo · cluster prod
            ▌ A good result is there since 12:42:10. The run took 42 min. The incident is
            ▌ over.
            ▌ Job: recommend-29380500
            ▌ Reported: <!channel> token=[hidden] 1
            ▌ Owner: recommend-team
            ▌ Objective: complete by "30 12 * * *" Asia/Tokyo
            ▌ Runbook: https://wiki.example.com/recommend?a=1&b=2
        "#]],
    );
}
