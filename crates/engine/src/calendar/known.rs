//! The calendars of texts, kept: to make one costs far more than to ask it, and a batch's next slot asks several.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Calendar, Crontab, Reading, Zone};

/// How many calendars are kept on a thread; at the limit they are forgotten, and made again.
const CALENDARS_MAX: usize = 4_096;

thread_local! {
    /// A calendar is a function of its texts alone, so what is kept changes no verdict.
    static KNOWN: RefCell<Known> = RefCell::default();
}

#[derive(Default)]
struct Known {
    /// By reading, zone and crontab.
    calendars: BTreeMap<Reading, BTreeMap<String, BTreeMap<String, Rc<Calendar>>>>,
    count: usize,
}

/// The calendar of a crontab in a zone; `Err`: why there is none.
pub(crate) fn calendar(crontab: &str, time_zone: &str, reading: Reading) -> Result<Rc<Calendar>, String> {
    KNOWN.with_borrow_mut(|known| known.get(crontab, time_zone, reading))
}

impl Known {
    fn get(&mut self, crontab: &str, time_zone: &str, reading: Reading) -> Result<Rc<Calendar>, String> {
        let in_zone = self.calendars.get(&reading).and_then(|zones| zones.get(time_zone));
        if let Some(calendar) = in_zone.and_then(|crontabs| crontabs.get(crontab)) {
            return Ok(Rc::clone(calendar));
        }
        let calendar = Rc::new(made(crontab, time_zone, reading)?);
        if self.count >= CALENDARS_MAX {
            *self = Self::default();
        }
        let in_zone = self.calendars.entry(reading).or_default().entry(time_zone.to_owned()).or_default();
        in_zone.insert(crontab.to_owned(), Rc::clone(&calendar));
        self.count += 1;
        Ok(calendar)
    }
}

fn made(crontab: &str, time_zone: &str, reading: Reading) -> Result<Calendar, String> {
    let crontab = Crontab::parse(crontab).map_err(|error| error.to_string())?;
    let zone = Zone::named(time_zone).map_err(|error| error.to_string())?;
    Calendar::new(crontab, zone, reading).map_err(|error| error.to_string())
}
