//! Synthetic periods as they would be published: several offices and days, policy states and bundles, work lists that
//! overflow, protected consignments that wait, versions of a root on the same and on later days, a day that is closed twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use tidegate_ledger::publication::{ClosingRules, Drawn, Publication, PublishedRow, draw, recompute};
use tidegate_ledger::{
    DrawParts, Hash256, KeyShare, Lane, Ledger, NewCommitment, NewReveal, NewShare, Period, PeriodKey,
    PeriodOpening, PolicyStateVersion, PrincipalKind,
};

use crate::support::{LOG, Place, act, at, bundle, later, newcomer, now, policy_state, signing_key};

const OFFICES: [&str; 3] = ["KR-020", "Öst, \"7\"", ""];
const NEW_ROOTS: u64 = 8;
const STATES: [&str; 3] = [
    r#"{"state":{"default":{"slots":2,"threshold":0.3},"offices":{"KR-020":{"slots":3,"threshold":0.2}}},"reserved_slots":1,"lanes":[{"lane":"red","share":0.7},{"lane":"orange","share":0.3}]}"#,
    r#"{"state":{"default":{"slots":4,"threshold":0.3},"offices":{"KR-020":{"slots":30,"threshold":0.2},"":{"slots":0,"threshold":0.2}}},"reserved_slots":2,"lanes":[{"lane":"red","share":0.1},{"lane":"orange","share":0.2},{"lane":"red","share":0.7}]}"#,
    r#"{"state":{"default":{"slots":1,"threshold":0.1},"offices":{}},"reserved_slots":0,"lanes":[{"lane":"orange","share":1.0}]}"#,
];

/// A period on its own.
pub static ONE: LazyLock<Vec<Publication>> = LazyLock::new(|| {
    build(vec![
        (1, "2026-11-23"),
        (1, "2026-11-24"),
        (1, "2026-11-25"),
        (2, "2026-11-26"),
        (2, "2026-11-27"),
        (3, "2026-11-24"),
    ])
});

/// Two periods with amendments of the first in the second.
pub static TWO: LazyLock<Vec<Publication>> =
    LazyLock::new(|| build(vec![(1, "2026-11-29"), (1, "2026-11-30"), (2, "2026-12-01"), (2, "2026-12-02")]));

/// In a thread and runtime of its own, since tests have theirs.
fn build(days: Vec<(i64, &'static str)>) -> Vec<Publication> {
    let built = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(publish(&days))
    });
    built.join().unwrap()
}

/// A number in [0, 1) that follows from its name.
fn chance(name: &str) -> f64 {
    let hash = Hash256::of(name.as_bytes());
    let top = hash.as_bytes()[..4].iter().fold(0_u32, |top, byte| top << 8 | u32::from(*byte));
    f64::from(top) / 2_f64.powi(32)
}

/// A version of a consignment that is lodged on a day.
#[derive(Clone)]
struct Lodged {
    root: String,
    period: Period,
    version: i64,
    office: &'static str,
}

/// New consignments at every office; some with a second version at once, here or elsewhere, and amendments of some
/// that were lodged before.
fn lodge(step: usize, day: &str, before: &mut Vec<Lodged>) -> Vec<Lodged> {
    let mut lodged = Vec::new();
    for (index, mut old) in before.clone().into_iter().enumerate() {
        if chance(&format!("amended {step} {index}")) < 0.15 {
            old.version += 1;
            before[index].version += 1;
            lodged.push(old);
        }
    }
    for (place, office) in OFFICES.into_iter().enumerate() {
        for number in 0..NEW_ROOTS {
            let root = Hash256::of(format!("{step} {place} {number}").as_bytes()).to_string();
            let period = day[..7].parse().unwrap();
            let mut new = Lodged { root, period, version: 1, office };
            lodged.push(new.clone());
            if number < 2 {
                new.version = 2;
                lodged.push(Lodged { office: OFFICES[(place + number as usize) % 3], ..new.clone() });
            }
            before.push(new);
        }
    }
    lodged
}

fn commitments(step: usize, state: i64, day: &str, lodged: &[Lodged], seen: &mut Seen) -> Vec<NewCommitment> {
    let mut new: Vec<NewCommitment> = Vec::new();
    for Lodged { root, version, office, .. } in lodged {
        let name = format!("{root} {version}");
        let least_lane = match chance(&format!("lane {name}")) {
            lane if lane < 0.06 => Lane::Red,
            lane if lane < 0.12 => Lane::Orange,
            lane if lane < 0.3 => Lane::Yellow,
            lane if lane < 0.4 => Lane::Blue,
            _ => Lane::Green,
        };
        let ramp = chance(&format!("ramp {name}"));
        let mandatory = least_lane.is_inspection();
        let guaranteed = if chance(&format!("grade {root}")) < 0.1 { 0.8 } else { 0.0 };
        let (floor, multiplier, exploration, probability) = (0.05, 0.9, 0.1, 0.0);
        let mut parts =
            DrawParts { mandatory, guaranteed, floor, multiplier, exploration, ramp, probability };
        parts.probability = parts.own_probability();
        let known = seen.roots.entry(root.clone()).or_default();
        known.probability = known.probability.max(parts.probability);
        known.protected = known.protected.max(if mandatory { 1.0 } else { guaranteed.max(floor) });
        let (lists, waiting) = seen.offices.get(office).copied().unwrap_or_default();
        new.push(NewCommitment {
            root: root.clone(),
            version: *version,
            office: (*office).to_owned(),
            day: day.parse().unwrap(),
            close: step as u64 + 1,
            list_number: lists + 1,
            waiting: waiting as u32,
            slots_taken: seen.taken.get(&(*office, day.to_owned())).copied().unwrap_or_default() as u32,
            list_rows: lodged.iter().filter(|other| other.office == *office).count() as u32,
            least_lane,
            parts,
            policy_state: PolicyStateVersion(state),
            bundle: bundle_of(state),
            salt: *Hash256::of(format!("salt {step} {name}").as_bytes()).as_bytes(),
        });
    }
    for commitment in &mut new {
        commitment.parts.probability = seen.roots[&commitment.root].probability;
    }
    new
}

/// What the generator keeps, apart from the code under test.
#[derive(Default)]
struct Seen {
    roots: HashMap<String, Root>,
    /// Lists so far, and who waits after the last.
    offices: BTreeMap<&'static str, (u64, usize)>,
    /// Slots that lists of an office took on a day.
    taken: BTreeMap<(&'static str, String), usize>,
}

#[derive(Default, Clone, Copy)]
struct Root {
    probability: f64,
    protected: f64,
    is_listed: bool,
}

impl Seen {
    /// Closes the lists of a day.
    fn close(&mut self, (state, day): (i64, &str), lodged: &[Lodged], keys: &BTreeMap<Period, PeriodKey>) {
        let rules: serde_json::Value = serde_json::from_str(STATES[state as usize - 1]).unwrap();
        let mut listed = Vec::new();
        for office in OFFICES {
            let of_office = &rules["state"]["offices"][office];
            let of_office = if of_office.is_null() { &rules["state"]["default"] } else { of_office };
            let used = self.taken.entry((office, day.to_owned())).or_default();
            let slots = (of_office["slots"].as_u64().unwrap() as usize).saturating_sub(*used);
            let here = lodged.iter().filter(|lodged| lodged.office == office);
            let roots: BTreeMap<&str, Period> = here.map(|l| (l.root.as_str(), l.period)).collect();
            let (mut protected, mut ranks) = (0, Vec::new());
            for (root, period) in &roots {
                let (known, u) = (self.roots[*root], draw(&keys[period], *period, root));
                match () {
                    () if known.is_listed => {}
                    () if u < known.protected => {
                        protected += 1;
                        listed.push(((*root).to_owned(), 0.0, 1.0));
                    }
                    () if u < known.probability => ranks.push((u / known.probability, (*root).to_owned())),
                    () => {}
                }
            }
            ranks.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (lists, waiting) = self.offices.entry(office).or_default();
            let reserved =
                (rules["reserved_slots"].as_u64().unwrap() as usize).min(ranks.len()).min(slots / 2);
            let taken = (*waiting + protected).min(slots - reserved);
            (*lists, *waiting) = (*lists + u64::from(!roots.is_empty()), *waiting + protected - taken);
            *used += taken + ranks.len().min(slots - taken);
            let tau = ranks.get(slots - taken).map_or(1.0, |cut| cut.0);
            listed.extend(ranks.into_iter().map(|(rank, root)| (root, rank, tau)));
        }
        for (root, rank, tau) in listed {
            self.roots.get_mut(&root).unwrap().is_listed |= rank < tau;
        }
    }
}

fn bundle_of(state: i64) -> Hash256 {
    Hash256::new([if state == 1 { 0xb1 } else { 0xb2 }; 32])
}

async fn set_up(ledger: &Ledger, periods: &BTreeSet<Period>) {
    for state in [1, 2] {
        ledger.register_bundle(&bundle(bundle_of(state), "bundle", ledger).await).await.unwrap();
    }
    for (content, based_on) in STATES.into_iter().zip(0..) {
        let based_on = (based_on > 0).then_some(PolicyStateVersion(based_on));
        ledger.append_policy_state(&policy_state(content, based_on)).await.unwrap();
    }
    let mut custodians = Vec::new();
    for name in ["Ana", "Bo"] {
        let new = newcomer(name, PrincipalKind::Person);
        custodians.push(ledger.add_principal(&new, &act()).await.unwrap());
    }
    for period in periods {
        let public_source = Some("the lottery of the first day".to_owned());
        let opening =
            PeriodOpening { period: *period, public_source, opened_by: custodians[0], opened_at: now() };
        ledger.open_period(&opening).await.unwrap();
        for (custodian, byte) in custodians.iter().zip(1..) {
            let share = KeyShare::new(*Hash256::of(format!("{period} {byte}").as_bytes()).as_bytes());
            let new = NewShare { period: *period, custodian: *custodian, share, at: now() };
            ledger.hand_in_share(&new).await.unwrap();
        }
        ledger.derive_period_key(*period, Some(b"3 17 22 41"), now()).await.unwrap();
        ledger.append_checkpoint(*period, LOG, &signing_key(), now()).await.unwrap();
    }
}

async fn publish(days: &[(i64, &str)]) -> Vec<Publication> {
    let place = Place::new();
    let ledger = place.open().await;
    let periods: BTreeSet<Period> = days.iter().map(|(_, day)| day[..7].parse().unwrap()).collect();
    set_up(&ledger, &periods).await;
    let (mut before, mut seen, mut keys) = (Vec::new(), Seen::default(), BTreeMap::new());
    for period in &periods {
        keys.insert(*period, ledger.period_key(*period).await.unwrap().key);
    }
    for (step, (state, day)) in days.iter().enumerate() {
        let lodged = lodge(step, day, &mut before);
        let new = commitments(step, *state, day, &lodged, &mut seen);
        for period in &periods {
            let of_period = lodged.iter().zip(&new).filter(|(lodged, _)| lodged.period == *period);
            let new: Vec<NewCommitment> = of_period.map(|(_, new)| new.clone()).collect();
            ledger.append_commitments(*period, &new).await.unwrap();
            let signed_at = at("2026-12-10T00:00:00Z") + chrono::Days::new(step as u64);
            ledger.append_checkpoint(*period, LOG, &signing_key(), signed_at).await.unwrap();
        }
        seen.close((*state, day), &lodged, &keys);
    }
    let mut published = Vec::new();
    for period in periods {
        let drawn = ledger.commitments(period, 0, u32::MAX).await.unwrap();
        let closed = drawn.iter().map(|commitment| commitment.content.root.clone()).collect();
        let by = ledger.local_owner().await.unwrap().id;
        let reveal = NewReveal { period, closed: &closed, closed_as_of: 1, by, at: later() };
        let key = ledger.reveal_period_key(&reveal).await.unwrap().key;
        published.push((key, drawn, ledger.published_period(period).await.unwrap()));
    }
    let rules: BTreeMap<_, _> = (1..)
        .zip(STATES)
        .map(|(version, content)| (PolicyStateVersion(version), ClosingRules::parse(content).unwrap()))
        .collect();
    let drawn: Vec<Drawn<'_>> = published
        .iter()
        .map(|(key, drawn, period)| Drawn {
            period: period.period,
            key: key.clone(),
            rules: rules.clone(),
            contents: drawn.iter().map(|commitment| &commitment.content).collect(),
            said: None,
        })
        .collect();
    let outcomes = recompute(&drawn).unwrap().outcomes;
    let publication = |((_, drawn, period), outcomes): (&(_, Vec<_>, _), Vec<_>)| {
        let period: &tidegate_ledger::publication::PublishedPeriod = period;
        let rows =
            drawn.iter().zip(outcomes).map(|(commitment, outcome)| PublishedRow::new(commitment, outcome));
        Publication { period: period.clone(), rows: rows.collect() }
    };
    published.iter().zip(outcomes).map(publication).collect()
}
