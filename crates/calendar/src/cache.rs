//! A cache of calendars by their texts: making one costs far more than a lookup, and planning a slot needs several.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::calendar::{Calendar, Reading};
use crate::crontab::Crontab;
use crate::zone::Zone;

/// How many calendars a thread caches; at the limit the cache is emptied.
const CALENDARS_MAX: usize = 4_096;

thread_local! {
    /// A calendar is a function of its texts alone, so the cache changes no verdict.
    static CACHE: RefCell<CalendarCache> = RefCell::default();
}

/// The calendar of a crontab in a zone, from the thread's cache.
///
/// # Errors
/// Why there is none, and what to write instead.
pub fn cached(crontab: &str, time_zone: &str, reading: Reading) -> Result<Rc<Calendar>, String> {
    CACHE.with_borrow_mut(|cache| cache.get(crontab, time_zone, reading))
}

#[derive(Default)]
struct CalendarCache {
    /// By reading, zone and crontab.
    calendars: BTreeMap<Reading, BTreeMap<String, BTreeMap<String, Rc<Calendar>>>>,
    count: usize,
}

impl CalendarCache {
    fn get(&mut self, crontab: &str, time_zone: &str, reading: Reading) -> Result<Rc<Calendar>, String> {
        let in_zone = self.calendars.get(&reading).and_then(|zones| zones.get(time_zone));
        if let Some(calendar) = in_zone.and_then(|crontabs| crontabs.get(crontab)) {
            return Ok(Rc::clone(calendar));
        }
        let calendar = Rc::new(parsed(crontab, time_zone, reading)?);
        if self.count >= CALENDARS_MAX {
            *self = Self::default();
        }
        let in_zone = self.calendars.entry(reading).or_default().entry(time_zone.to_owned()).or_default();
        in_zone.insert(crontab.to_owned(), Rc::clone(&calendar));
        self.count += 1;
        Ok(calendar)
    }
}

fn parsed(crontab: &str, time_zone: &str, reading: Reading) -> Result<Calendar, String> {
    let crontab = Crontab::parse(crontab).map_err(|error| error.to_string())?;
    let zone = Zone::named(time_zone).map_err(|error| error.to_string())?;
    Calendar::new(crontab, zone, reading).map_err(|error| error.to_string())
}
