//! The grammar of a crontab: that of robfig/cron v3.0.1's `ParseStandard`, exactly, with error messages of our own.
//!
//! It is as lenient as that parser, since live CronJobs rely on it: `?` is `*`; what follows `*-` is ignored; empty
//! pieces of a list are skipped, and a field with no other pieces never matches; `N/step` runs to the field's end; numbers
//! may have a `+` and leading zeros; any Unicode space separates fields.

use std::fmt;

use crate::every;

/// The longest crontab accepted, in bytes. A list of all minutes has 169.
pub const CRONTAB_BYTES_MAX: usize = 4096;

/// How much of a faulty text an error quotes, in characters.
const SHOWN_CHARS_MAX: usize = 60;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const DESCRIPTORS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Why a text is not a crontab, and what to write instead. Texts are cut after 60 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrontabError {
    /// The text is empty.
    #[error("the crontab is empty: write five fields such as `0 12 * * *`, or a descriptor such as `@daily`")]
    Empty,
    /// Longer than [`CRONTAB_BYTES_MAX`].
    #[error(
        "the crontab has {length_bytes} bytes, of at most {CRONTAB_BYTES_MAX}: use ranges and steps such as `*/5`"
    )]
    TooLong {
        /// Its length.
        length_bytes: usize,
    },
    /// Kubernetes refuses every schedule with `TZ` in it.
    #[error(
        "`{text}` has a time zone in it, which Kubernetes refuses: write the zone in spec.timeZone instead"
    )]
    Zone {
        /// The crontab.
        text: String,
    },
    /// It begins with `@` and is none of the descriptors.
    #[error("`{text}` is no descriptor: write {}", .meant.unwrap_or(
        "@yearly, @monthly, @weekly, @daily, @hourly or @every 5m, in lower case, or five fields such as `0 12 * * *`"
    ))]
    Descriptor {
        /// The crontab.
        text: String,
        /// The descriptor that it resembles.
        meant: Option<&'static str>,
    },
    /// `@every` without a duration that Go parses.
    #[error("`{text}` needs a duration after one space: numbers with h, m or s, such as `@every 1h30m`")]
    Duration {
        /// The crontab.
        text: String,
    },
    /// More or fewer than five fields.
    #[error("`{text}` has {found} field(s), of five: minute, hour, day of month, month, day of week; {}", if *found > 5 {
        "there are no seconds and no years"
    } else {
        "write `*` where any value will do"
    })]
    FieldCount {
        /// The crontab.
        text: String,
        /// How many fields it has.
        found: usize,
    },
    /// A field does not parse.
    #[error("the {field} `{token}` does not read: {fault}; allowed are {}", .field.allowed())]
    Field {
        /// Which of the five.
        field: Field,
        /// The piece of the field's list.
        token: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A deadline is a time of day; `@every` counts from the instant given.
    #[error(
        "`{text}` cannot be a deadline, since it names no time of day: write five fields such as `*/5 * * * *` or `0 12 * * *`"
    )]
    EveryAsDeadline {
        /// The crontab.
        text: String,
    },
}

/// What is wrong with a field, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Above the field's highest value.
    #[error("{value} is above {max}")]
    Above {
        /// The number.
        value: u64,
        /// The field's highest.
        max: u32,
    },
    /// Below the field's lowest value.
    #[error("{value} is below {min}")]
    Below {
        /// The number.
        value: u64,
        /// The field's lowest.
        min: u32,
    },
    /// 7 as a day of the week.
    #[error("7 is no day here, write 0 for Sunday, and a range up to it as two, such as `5-6,0`")]
    Sunday,
    /// From a higher value to a lower one.
    #[error("the range runs backwards, write `{instead}`")]
    Backwards {
        /// The range over the field's end, as two.
        instead: String,
    },
    /// A step of zero.
    #[error("a step is at least 1")]
    ZeroStep,
    /// Two steps.
    #[error("there is more than one `/`")]
    Slashes,
    /// A range of three, or a negative number.
    #[error("there is more than one `-`")]
    Hyphens,
    /// A number is missing.
    #[error("a number is missing")]
    Missing,
    /// A text where a number is expected.
    #[error("`{piece}` is no number{}", if let Some(name) = .meant { format!(", write `{name}`") } else { String::new() })]
    NotANumber {
        /// The text.
        piece: String,
        /// The name that it begins with.
        meant: Option<&'static str>,
    },
    /// An extension of other cron implementations.
    #[error("Kubernetes knows no `L`, `W`, `#` or `H`, write the values themselves")]
    Foreign,
}

/// One of the five fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    DayOfMonth,
    /// 1 to 12, or a name.
    Month,
    /// 0, Sunday, to 6, or a name.
    DayOfWeek,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

impl Field {
    fn min(self) -> u32 {
        match self {
            Self::Minute | Self::Hour | Self::DayOfWeek => 0,
            Self::DayOfMonth | Self::Month => 1,
        }
    }

    fn max(self) -> u32 {
        match self {
            Self::Minute => 59,
            Self::Hour => 23,
            Self::DayOfMonth => 31,
            Self::Month => 12,
            Self::DayOfWeek => 6,
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
            Self::Month => &MONTHS,
            Self::DayOfWeek => &DAYS,
        }
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::Minute => "0 to 59, lists `0,30`, ranges `0-29`, steps `*/5`",
            Self::Hour => "0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`",
            Self::DayOfMonth => "1 to 31, lists `1,15`, ranges `1-7`, steps `*/2`",
            Self::Month => "1 to 12 or jan to dec, lists `1,7`, ranges `4-6`, steps `*/3`",
            Self::DayOfWeek => "0 (Sunday) to 6 or sun to sat, lists `1,3`, ranges `1-5`, steps `*/2`",
        }
    }
}

/// The meaning of a crontab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Fields(Fields),
    Every { delay_s: i64 },
}

/// The values of the five fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) minute: Set,
    pub(crate) hour: Set,
    pub(crate) day_of_month: Set,
    pub(crate) month: Set,
    pub(crate) day_of_week: Set,
}

/// The values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Set {
    /// Bit n is value n.
    pub(crate) bits: u64,
    /// Whether `*` or `?` is in the field, without a step: such a field of days does not restrict the day.
    pub(crate) star: bool,
}

impl Set {
    const EMPTY: Self = Self { bits: 0, star: false };

    pub(crate) fn all(field: Field) -> Self {
        Self::steps(field.min(), field.max(), 1, true)
    }

    pub(crate) fn values(self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(move |value| self.contains(*value))
    }

    pub(crate) fn contains(self, value: u32) -> bool {
        self.bits & (1 << value) != 0
    }

    fn steps(first: u32, last: u32, step: usize, star: bool) -> Self {
        let bits = (first..=last).step_by(step).fold(0, |bits, value| bits | 1 << value);
        Self { bits, star }
    }

    fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, star: self.star || other.star }
    }
}

/// Parses a crontab.
pub(crate) fn meaning(text: &str) -> Result<Meaning, CrontabError> {
    if text.is_empty() {
        return Err(CrontabError::Empty);
    }
    if text.len() > CRONTAB_BYTES_MAX {
        return Err(CrontabError::TooLong { length_bytes: text.len() });
    }
    if text.contains("TZ") {
        return Err(CrontabError::Zone { text: shown(text) });
    }
    if let Some(duration) = text.strip_prefix("@every ") {
        return match every::delay_s(duration) {
            Some(delay_s) => Ok(Meaning::Every { delay_s }),
            None => Err(CrontabError::Duration { text: shown(text) }),
        };
    }
    if text.starts_with('@') {
        return fields(descriptor(text)?).map(Meaning::Fields);
    }
    fields(text).map(Meaning::Fields)
}

fn descriptor(text: &str) -> Result<&'static str, CrontabError> {
    if let Some((_, fields)) = DESCRIPTORS.iter().find(|(name, _)| *name == text) {
        return Ok(fields);
    }
    let lower = text.trim().to_lowercase();
    let meant = DESCRIPTORS.iter().map(|(name, _)| *name).find(|name| *name == lower);
    Err(CrontabError::Descriptor { text: shown(text), meant })
}

fn fields(text: &str) -> Result<Fields, CrontabError> {
    // Go's strings.Fields and Rust's split_whitespace split at the same spaces.
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let &[minute, hour, day_of_month, month, day_of_week] = tokens.as_slice() else {
        return Err(CrontabError::FieldCount { text: shown(text), found: tokens.len() });
    };
    Ok(Fields {
        minute: set(Field::Minute, minute)?,
        hour: set(Field::Hour, hour)?,
        day_of_month: set(Field::DayOfMonth, day_of_month)?,
        month: set(Field::Month, month)?,
        day_of_week: set(Field::DayOfWeek, day_of_week)?,
    })
}

fn set(field: Field, text: &str) -> Result<Set, CrontabError> {
    text.split(',').filter(|token| !token.is_empty()).try_fold(Set::EMPTY, |set, token| {
        let error = |fault| CrontabError::Field { field, token: shown(token), fault };
        Ok(set.union(range(field, token).map_err(error)?))
    })
}

/// One piece of a list: `*`, `N`, `N-M`, each with or without `/step`.
fn range(field: Field, token: &str) -> Result<Set, Fault> {
    let (base, step) = match token.split_once('/') {
        Some((_, step)) if step.contains('/') => return Err(Fault::Slashes),
        Some((base, step)) => (base, Some(number(step)?)),
        None => (token, None),
    };
    let (low, high) = match base.split_once('-') {
        Some((low, high)) => (low, Some(high)),
        None => (base, None),
    };
    if step == Some(0) {
        return Err(Fault::ZeroStep);
    }
    let star = low == "*" || low == "?";
    let (first, last) = if star {
        (field.min(), field.max())
    } else {
        let (min, max) = (u64::from(field.min()), u64::from(field.max()));
        let first = value(field, low)?;
        let last = match high {
            Some(high) if high.contains('-') => return Err(Fault::Hyphens),
            Some(high) => value(field, high)?,
            None if step.is_some() => max,
            None => first,
        };
        if first < min {
            return Err(Fault::Below { value: first, min: field.min() });
        }
        // The lower end, since where it is too high, so is the upper or the range runs backwards.
        if let Some(value) = [first, last].into_iter().find(|value| *value > max) {
            let sunday = field == Field::DayOfWeek && value == 7;
            return Err(if sunday { Fault::Sunday } else { Fault::Above { value, max: field.max() } });
        }
        if first > last {
            return Err(Fault::Backwards { instead: format!("{first}-{max},{min}-{last}") });
        }
        (narrow(first), narrow(last))
    };
    // A step beyond the field leaves the first value alone.
    let step = step.map_or(1, |step| usize::try_from(step).unwrap_or(usize::MAX));
    Ok(Set::steps(first, last, step, star && step == 1))
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).expect("was compared with the field's highest value")
}

fn value(field: Field, piece: &str) -> Result<u64, Fault> {
    let lower = lower(piece);
    match field.names().iter().zip(field.min()..).find(|(name, _)| **name == lower) {
        Some((_, value)) => Ok(value.into()),
        None => number(piece).map_err(|fault| advised(field, fault, &lower)),
    }
}

/// Go's `strings.ToLower` for what may be a name: the one letter beyond ASCII that it makes an ASCII letter of one of
/// the names is the dotted capital I.
fn lower(piece: &str) -> String {
    piece.chars().map(|c| if c == '\u{130}' { 'i' } else { c.to_ascii_lowercase() }).collect()
}

/// Go's `strconv.Atoi`, negative numbers refused: a sign, decimal digits, at most an `i64`.
fn number(piece: &str) -> Result<u64, Fault> {
    let digits = piece.strip_prefix('+').unwrap_or(piece);
    if piece.is_empty() {
        return Err(Fault::Missing);
    }
    let not_a_number = || Fault::NotANumber { piece: shown(piece), meant: None };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(not_a_number());
    }
    digits.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok()).ok_or_else(not_a_number)
}

fn advised(field: Field, fault: Fault, lower: &str) -> Fault {
    let Fault::NotANumber { piece, .. } = fault else { return fault };
    let meant = field.names().iter().copied().find(|name| lower.starts_with(name));
    let foreign = meant.is_none() && lower.contains(['l', 'w', '#', 'h']);
    if foreign { Fault::Foreign } else { Fault::NotANumber { piece, meant } }
}

/// A text as an error quotes it: invisible characters escaped, and cut.
fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown: String = chars.by_ref().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}
