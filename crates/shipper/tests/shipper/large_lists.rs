//! Lists of many objects, and of large ones: pages are bounded in bytes, and a page that fails is requested again.

use std::time::Duration;

use kigen_playback::clock::{Clock, Pace};
use kigen_playback::faults::WatchLists;
use kigen_playback::generate::{Cluster, CronJobPlan};
use kigen_playback::server::{Options, Played, Server};
use kigen_shipper::core::Resume;
use kigen_shipper::input::{Input, StreamEvent};
use kigen_shipper::kubernetes::connect::connect;
use kigen_shipper::resource::Resource;
use kigen_shipper::server_clock;
use kigen_shipper::settings::{Access, Settings};
use kigen_shipper::shipper::Shipper;

/// What the pages of CronJobs were until their list was complete.
#[derive(Debug, Default)]
struct Pages {
    objects: usize,
    bytes_max: usize,
}

/// Lists `names` CronJobs with an annotation of so many bytes each.
async fn list(names: usize, bytes: usize, watch_lists: WatchLists, refused_each: Option<u64>) -> Pages {
    let start = "2026-11-23T08:00:00Z".parse().expect("an instant");
    let mut cluster = Cluster::new(start);
    let text = "x".repeat(bytes);
    for nth in 0..names {
        let plan = CronJobPlan::new("ml", &format!("batch-{nth}"), "0 12 * * *");
        cluster.cron_job(plan.annotation("team/notes", &text));
    }
    let clock = Clock::new(start, Pace::Manual, None);
    let history = cluster.build().expect("a sound plan");
    let played = Played { history, clock: clock.clone(), options: Options::default() };
    let server = Server::start(played).await.expect("a free port");
    server.faults().watch_lists(watch_lists);
    let defaults = Settings::new("test", Access::Url(server.url()));
    let settings =
        Settings { retry_delay_ms_min: 1, retry_delay_ms_max: 20, page_objects_max: 64, ..defaults };
    let api = connect(&settings, server_clock::Clock::new(move || clock.now())).await.expect("it answers");
    server.faults().refuse_each(refused_each);
    let mut shipper = Shipper::start(&api, &settings, 1, &Resume::default());
    let mut pages = Pages::default();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let inputs = tokio::time::timeout_at(deadline, shipper.next()).await;
        for input in inputs.unwrap_or_else(|_| panic!("the list is not complete: {pages:?}")) {
            if let Input::Stream { resource: Resource::CronJobs, event } = &input {
                match event {
                    StreamEvent::ListStarted { .. } => pages = Pages::default(),
                    StreamEvent::Page { objects, .. } => {
                        pages.objects += objects.len();
                        let bytes = objects.iter().map(|object| object.get().len()).sum();
                        pages.bytes_max = pages.bytes_max.max(bytes);
                    }
                    StreamEvent::Listed { .. } => return pages,
                    _ => {}
                }
            }
            shipper.apply(input);
        }
    }
}

#[tokio::test]
async fn a_page_of_large_objects_is_cut_at_four_mebibytes_however_the_server_lists() {
    for watch_lists in [WatchLists::Refused, WatchLists::Served] {
        let pages = list(40, 300_000, watch_lists, None).await;
        assert_eq!(pages.objects, 40);
        assert!(pages.bytes_max <= 4 << 20, "{watch_lists:?}: {pages:?}");
    }
}

#[tokio::test]
async fn a_single_object_may_be_as_large_as_etcd_permits() {
    let pages = list(3, 5_000_000, WatchLists::Refused, None).await;
    assert_eq!(pages.objects, 3);
}

/// Of hundreds of pages one fails, sooner or later.
#[tokio::test]
async fn a_page_that_fails_is_requested_again_and_not_the_whole_list() {
    let pages = list(1_000, 10, WatchLists::Refused, Some(7)).await;
    assert_eq!(pages.objects, 1_000);
}
