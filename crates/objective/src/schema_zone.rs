//! The rules by which the API server refuses a time zone that does not exist, generated from the database that kigen has: one for
//! each region, so that the message names it. Within a state, as in `America/Indiana/Knox`, any name passes.

use std::collections::{BTreeMap, BTreeSet};

use kigen_calendar::Zone;
use serde_json::{Value, json};

/// A region of the database: the names in it, and its states, which have names of their own.
#[derive(Default)]
struct Region {
    names: Vec<String>,
    states: BTreeSet<String>,
}

/// The rules of the name of a time zone.
pub(crate) fn zone() -> Value {
    let mut regions: BTreeMap<String, Region> = BTreeMap::new();
    let mut others = Vec::new();
    for name in Zone::names() {
        let Some((region, rest)) = name.split_once('/') else {
            others.push(name);
            continue;
        };
        let known = regions.entry(region.to_owned()).or_default();
        match rest.split_once('/') {
            Some((state, _)) => drop(known.states.insert(state.to_owned())),
            None => known.names.push(rest.to_owned()),
        }
    }
    let begins: Vec<String> = regions.keys().map(|region| format!("self.startsWith('{region}/')")).collect();
    let mut all = vec![json!({
        "rule": format!("{} || self in ['{}']", begins.join(" || "), others.join("', '")),
        "message": "write UTC or a name such as Asia/Tokyo; abbreviations such as JST are not names",
    })];
    for (region, Region { names, states }) in &regions {
        let states = states.iter().map(|state| format!("self.startsWith('{region}/{state}/') || "));
        let (states, from, names) = (states.collect::<String>(), region.len() + 1, names.join("', '"));
        all.push(json!({
            "rule": format!("!self.startsWith('{region}/') || {states}self.substring({from}) in ['{names}']"),
            "message": format!("the IANA database has no such time zone in {region}; names are spelled such as Asia/Tokyo"),
        }));
    }
    Value::Array(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the list of a rule has this name: all that the rules compare.
    fn is_listed(rules: &[Value], name: &str) -> bool {
        let (region, rest) = name.split_once('/').map_or(("", name), |(region, rest)| (region, rest));
        let of_region = rules.iter().filter_map(|rule| rule["rule"].as_str()).find(|rule| match region {
            "" => rule.starts_with("self."),
            region => rule.starts_with(&format!("!self.startsWith('{region}/')")),
        });
        if let Some((state, _)) = rest.split_once('/') {
            let of_state = format!("self.startsWith('{region}/{state}/')");
            return of_region.is_some_and(|rule| rule.contains(&of_state));
        }
        of_region.is_some_and(|rule| {
            rule.split_once(" in [").is_some_and(|(_, list)| list.contains(&format!("'{rest}'")))
        })
    }

    #[test]
    fn every_zone_that_kigen_accepts_is_listed_and_no_other() {
        let Value::Array(rules) = zone() else { panic!("a list") };
        let names = Zone::names();
        assert!(names.len() > 400, "{names:?}");
        for name in &names {
            assert!(Zone::named(name).is_ok() && is_listed(&rules, name), "{name}");
        }
        for name in ["Asia/Nowhere", "asia/tokyo", "JST", "Tokyo", "Nowhere/Tokyo"] {
            assert!(Zone::named(name).is_err() && !is_listed(&rules, name), "{name}");
        }
    }
}
