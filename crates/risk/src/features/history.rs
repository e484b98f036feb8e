//! History: records and results of inspections, gathered in any order and turned into profiles.

use super::key::ProfileKey;
use super::keys::Keys;
use super::prepare::Prepared;
use super::profiles::{Entries, ProfileTable, Profiles, QUANTILE_UNIT};
use super::set::FeatureSet;
use std::collections::BTreeMap;

/// Result of the inspection of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Day the result was recorded, in days since 1970-01-01.
    pub recorded_day: i32,
    /// Whether a discrepancy was found.
    pub discrepancy: bool,
    /// Duty and tax that it brought, in whole units of the currency of the prices; 0 where no amount was recorded.
    pub recovered: u64,
}

/// One thing that a profile learns from, with what decides the order of equal goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    key: ProfileKey,
    day: i32,
    /// Hash of the record, so that ties are broken alike in whatever order records come.
    record: u64,
    goods: ProfileKey,
    /// 0 or 1 for a result, the measure in units of 1/[`QUANTILE_UNIT`] for a value.
    value: i32,
}

/// Gathers events for the profiles of a set.
#[derive(Debug)]
pub struct History<'a> {
    set: &'a FeatureSet,
    events: Vec<Vec<Event>>,
}

impl<'a> History<'a> {
    /// An empty history.
    pub fn new(set: &'a FeatureSet) -> Self {
        Self { set, events: vec![Vec::new(); set.profiles.len()] }
    }

    /// Adds records: their values count from the day after acceptance, their results from the day after they
    /// were recorded. `records` names each row and `outcomes` its result, if there is one.
    pub fn add(&mut self, prepared: &Prepared, records: &[u64], outcomes: &[Option<Outcome>]) {
        for (index, events) in self.events.iter_mut().enumerate() {
            let keys = &prepared.keys[index];
            for row in 0..keys.len().min(records.len()).min(outcomes.len()) {
                let (day, value) = match (&prepared.measures[index], outcomes[row]) {
                    (Some(measure), _) if measure[row].is_finite() => {
                        (prepared.days[row], quantised(measure[row]))
                    }
                    (None, Some(outcome)) => (outcome.recorded_day, i32::from(outcome.discrepancy)),
                    _ => continue,
                };
                events.push(Event {
                    key: keys[row],
                    day,
                    record: records[row],
                    goods: prepared.goods[row],
                    value,
                });
            }
        }
    }

    /// The profiles of everything that was added.
    pub fn finish(self) -> Profiles {
        let mut last_day = i32::MIN;
        let mut tables = Vec::new();
        for (profile, mut events) in self.set.profiles.iter().zip(self.events) {
            if profile.once_per_goods {
                events.sort_unstable_by_key(|e| (e.goods, e.day, e.record, e.key, e.value));
                events.dedup_by_key(|e| e.goods);
            }
            events.sort_unstable();
            last_day = events.iter().map(|e| e.day).max().map_or(last_day, |d| d.max(last_day));
            tables.push(if profile.measure.is_some() {
                table_of_values(&events)
            } else {
                table_of_results(&events)
            });
        }
        Profiles { tables, last_day }
    }
}

fn quantised(measure: f64) -> i32 {
    // The cast saturates, which no measure of sane size reaches.
    libm::rint(measure * QUANTILE_UNIT) as i32
}

/// Groups sorted events by key and day, and asks for an entry at the end of each day.
fn build<S: Default, E>(
    events: &[Event],
    mut count: impl FnMut(&mut S, &Event),
    mut entry: impl FnMut(&mut S) -> Option<E>,
) -> (Vec<ProfileKey>, Vec<u32>, Vec<i32>, Vec<E>) {
    let (mut keys, mut starts, mut days, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for of_key in events.chunk_by(|a, b| a.key == b.key) {
        let mut state = S::default();
        keys.push(of_key[0].key);
        starts.push(days.len() as u32);
        for of_day in of_key.chunk_by(|a, b| a.day == b.day) {
            for event in of_day {
                count(&mut state, event);
            }
            if let Some(entry) = entry(&mut state) {
                days.push(of_day[0].day);
                entries.push(entry);
            }
        }
    }
    starts.push(days.len() as u32);
    (keys, starts, days, entries)
}

fn table_of_results(events: &[Event]) -> ProfileTable {
    let (keys, starts, days, entries) = build(
        events,
        |counts: &mut [u32; 2], event| {
            counts[0] += 1;
            counts[1] += event.value as u32;
        },
        |counts| Some(*counts),
    );
    ProfileTable { keys: Keys::new(keys), starts, days, entries: Entries::Results(entries) }
}

/// Values of one key so far, and how many there were at its last entry.
#[derive(Default)]
struct Values {
    histogram: BTreeMap<i32, u32>,
    seen: u32,
    entered: u32,
}

fn table_of_values(events: &[Event]) -> ProfileTable {
    let (keys, starts, days, entries) = build(
        events,
        |values: &mut Values, event| {
            *values.histogram.entry(event.value).or_default() += 1;
            values.seen += 1;
        },
        |values| {
            // Quartiles of many values move slowly: a new entry is worth its place after a sixteenth more of
            // them. What decides is the past alone, so a later record cannot change an earlier look-up.
            let due = values.entered + values.entered / 16;
            (values.seen > due || values.entered == 0).then(|| {
                values.entered = values.seen;
                (values.seen, quartiles(values))
            })
        },
    );
    ProfileTable { keys: Keys::new(keys), starts, days, entries: Entries::Values(entries) }
}

/// Lower quartile, lower median and lower upper quartile: the values at positions `floor(q (n - 1))`.
fn quartiles(values: &Values) -> [i32; 3] {
    let positions = [1, 2, 3].map(|q| (u64::from(values.seen) - 1) * q / 4);
    let mut found = [0; 3];
    let (mut reached, mut next) = (0, 0);
    for (value, count) in &values.histogram {
        reached += u64::from(*count);
        while next < 3 && positions[next] < reached {
            found[next] = *value;
            next += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_of_a_few_values() {
        let values = |list: &[i32]| {
            let mut values = Values::default();
            for v in list {
                *values.histogram.entry(*v).or_default() += 1;
                values.seen += 1;
            }
            quartiles(&values)
        };
        assert_eq!(values(&[7]), [7, 7, 7]);
        assert_eq!(values(&[5, 1, 3, 2, 4]), [2, 3, 4]);
        assert_eq!(values(&[1, 1, 1, 9]), [1, 1, 1]);
    }
}
