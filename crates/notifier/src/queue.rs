//! The two queues of a partition's alerts, and how far each has come.
//!
//! Both read the same records: one delivers those about deadlines, the other those about failed runs, each in the order of
//! the log and neither waiting for the other. The group's position is that of the queue that is behind; the other's is
//! committed with it, as the part of the group's work that is ahead. An older kigen, which has one queue, resumes at that
//! position and delivers again what was ahead; its own position is that of both queues.

use kigen_log::{GroupPosition, PartAhead};
use kigen_model::alert::AlertBody;
use kigen_model::topic::Offset;

/// A queue of alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Queue {
    /// Whatever is about a deadline or a cluster, and records that are no alerts.
    Deadlines,
    /// Failed runs.
    Failures,
}

impl Queue {
    pub(crate) const ALL: [Self; 2] = [Self::Deadlines, Self::Failures];

    pub(crate) fn of(body: &AlertBody) -> Self {
        match body {
            AlertBody::SlotMissed { .. }
            | AlertBody::SlotRecovered { .. }
            | AlertBody::SlotRetracted { .. }
            | AlertBody::SlotUnknown { .. }
            | AlertBody::UnknownClosed { .. }
            | AlertBody::SlotAtRisk { .. }
            | AlertBody::RiskOver { .. }
            | AlertBody::ExpectationBroken { .. }
            | AlertBody::ClusterSilent { .. }
            | AlertBody::ClusterStalled(_)
            | AlertBody::BudgetSpent { .. }
            | AlertBody::SilenceOver { .. }
            | AlertBody::StallOver { .. } => Self::Deadlines,
            AlertBody::RunFailed { .. } => Self::Failures,
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Deadlines => Self::Failures,
            Self::Failures => Self::Deadlines,
        }
    }

    /// Its number in the group's position: never one of another queue.
    fn part(self) -> u8 {
        match self {
            Self::Deadlines => 1,
            Self::Failures => 2,
        }
    }
}

/// The offset that each queue of a partition delivers next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Positions {
    deadlines: Offset,
    failures: Offset,
}

impl Positions {
    /// Both queues are there.
    pub(crate) fn at(next: Offset) -> Self {
        Self { deadlines: next, failures: next }
    }

    /// As the group has committed them. A part that this kigen does not know is none of its queues.
    pub(crate) fn of(position: &GroupPosition) -> Self {
        let mut positions = Self::at(position.next);
        if let Some(PartAhead { part, next }) = position.ahead
            && let Some(queue) = Queue::ALL.into_iter().find(|queue| queue.part() == part)
        {
            positions.advance(queue, next);
        }
        positions
    }

    /// As the group commits them.
    pub(crate) fn committed(&self) -> GroupPosition {
        let ahead = Queue::ALL.into_iter().find(|queue| self.next(*queue) > self.least());
        let ahead = ahead.map(|queue| PartAhead { part: queue.part(), next: self.next(queue) });
        GroupPosition { next: self.least(), ahead }
    }

    pub(crate) fn next(&self, queue: Queue) -> Offset {
        match queue {
            Queue::Deadlines => self.deadlines,
            Queue::Failures => self.failures,
        }
    }

    /// Before it, both queues have delivered everything.
    pub(crate) fn least(&self) -> Offset {
        self.deadlines.min(self.failures)
    }

    /// From it on, no queue has delivered anything.
    pub(crate) fn greatest(&self) -> Offset {
        self.deadlines.max(self.failures)
    }

    /// Moves a queue forward; never back.
    pub(crate) fn advance(&mut self, queue: Queue, next: Offset) {
        let of_queue = match queue {
            Queue::Deadlines => &mut self.deadlines,
            Queue::Failures => &mut self.failures,
        };
        *of_queue = next.max(*of_queue);
    }

    /// Moves both queues to the earliest record that is still kept.
    pub(crate) fn within(mut self, earliest: Offset) -> Self {
        Queue::ALL.into_iter().for_each(|queue| self.advance(queue, earliest));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_position_is_that_of_the_queue_behind_and_names_the_other() {
        let mut positions = Positions::at(Offset(3));
        assert_eq!(positions.committed(), GroupPosition::from(Offset(3)));
        for (queue, part) in [(Queue::Deadlines, 1), (Queue::Failures, 2)] {
            let mut positions = positions;
            positions.advance(queue, Offset(9));
            let ahead = Some(PartAhead { part, next: Offset(9) });
            assert_eq!(positions.committed(), GroupPosition { next: Offset(3), ahead });
            assert_eq!(Positions::of(&positions.committed()), positions);
        }
        positions.advance(Queue::Deadlines, Offset(9));
        positions.advance(Queue::Failures, Offset(12));
        assert_eq!((positions.least(), positions.greatest()), (Offset(9), Offset(12)));
        assert_eq!(positions.within(Offset(10)).committed().next, Offset(10));
    }

    #[test]
    fn what_another_kigen_wrote_moves_no_queue_back_and_none_that_is_unknown() {
        let of = |part, next| {
            Positions::of(&GroupPosition {
                next: Offset(7),
                ahead: Some(PartAhead { part, next: Offset(next) }),
            })
        };
        assert_eq!(of(2, 4), Positions::at(Offset(7)), "an older kigen has moved on since");
        assert_eq!(of(3, 9), Positions::at(Offset(7)), "a queue of a newer kigen");
    }
}
