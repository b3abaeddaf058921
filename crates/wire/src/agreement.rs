//! That records are written and read by their [plan](crate::datum) as by `apache-avro`.

use kigen_model::topic::Topic;

use crate::alert::AlertRecord;
use crate::codec::tests::assert_plan_agrees_with_the_library;
use crate::event::EventRecord;
use crate::reject::RejectRecord;
use crate::status::StatusRecord;
use crate::{control, delivery};

#[test]
fn alerts() {
    assert_plan_agrees_with_the_library::<AlertRecord<'static>>(Topic::Alerts);
}

#[test]
fn control_records() {
    assert_plan_agrees_with_the_library::<control::ControlWireRecord<'static>>(Topic::Control);
}

#[test]
fn deliveries() {
    assert_plan_agrees_with_the_library::<delivery::DeliveryWireRecord<'static>>(Topic::Deliveries);
}

#[test]
fn events() {
    assert_plan_agrees_with_the_library::<EventRecord<'static>>(Topic::Events);
}

#[test]
fn rejects() {
    assert_plan_agrees_with_the_library::<RejectRecord<'static>>(Topic::Rejects);
}

#[test]
fn statuses() {
    assert_plan_agrees_with_the_library::<StatusRecord<'static>>(Topic::Status);
}
