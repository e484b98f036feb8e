//! What an epoch decides with is set by what came before it: neither its results nor its draws move its thresholds or multipliers.

use crate::decide::{decided_until, learnt_from, set_up};
use crate::place::Place;
use crate::prepared::prepared;
use crate::source::{Random, file, graded, rows};

/// What is altered of an epoch, at random.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Alteration {
    seed: u64,
    /// Results of its inspections.
    results: bool,
    /// The secret key that it is drawn with.
    key: bool,
    /// What is declared in it.
    values: bool,
}

const HONEST: Alteration = Alteration { seed: 0, results: false, key: false, values: false };

/// A row of the epoch as it is altered.
fn altered(row: &str, alteration: Alteration, random: &mut Random) -> String {
    let mut fields: Vec<String> = row.split(',').map(str::to_owned).collect();
    if alteration.results {
        let result = random.below(2).to_string();
        (fields[20], fields[21]) = (result.clone(), result);
    }
    if alteration.values {
        fields[18] = format!("{}.5", 3 + random.below(37));
        fields[19] = (100 + random.below(9_000)).to_string();
    }
    fields.join(",")
}

/// A place that knows a year but for an epoch, the first of December, which came later and altered.
async fn place(alteration: Alteration) -> Place {
    let mut random = Random(alteration.seed);
    let is_of_epoch =
        |row: &String| row.split(',').nth(1).is_some_and(|day| ("2025-12-01".."2025-12-08").contains(&day));
    let (epoch, others): (Vec<String>, Vec<String>) =
        rows(1, 2025, 3_000, 1).into_iter().partition(is_of_epoch);
    assert!(epoch.len() > 30, "{}", epoch.len());
    let prepare = async || learnt_from(Place::new().await, None, &others).await;
    let place = prepared("but-for-an-epoch-home", prepare).await;
    let december = if alteration.key { 120 + u8::try_from(alteration.seed).unwrap() } else { 112 };
    set_up(&place, "2025-12", [12, december]).await;
    let grade = |trader: usize| graded(&format!("I{trader}"), "2025-01-01T00:00:00Z", "advanced-certified");
    let grades: Vec<String> = (0..15).map(grade).collect();
    place.ingest_as("enterprise", "grades.ndjson", &grades, true).await.unwrap();
    let epoch: Vec<String> = epoch.iter().map(|row| altered(row, alteration, &mut random)).collect();
    place.ingest(&place.write("epoch.csv", &file(&epoch)), true).await.unwrap();
    place
}

/// The state that was set last when everything up to a day is decided.
async fn state(place: &Place, to: &str) -> String {
    decided_until(place, 3, to).await;
    place.home.ledger.newest_policy_state().await.unwrap().unwrap().state.content
}

#[tokio::test]
async fn neither_results_nor_draws_of_an_epoch_move_its_thresholds_and_multipliers() {
    let honest = place(HONEST).await;
    let (of_epoch, of_next) = (state(&honest, "2025-12-07").await, state(&honest, "2025-12-14").await);
    let parsed: serde_json::Value = serde_json::from_str(&of_epoch).unwrap();
    let steered = &parsed["state"]["offices"]["20"];
    assert!(steered["threshold"].is_f64(), "{parsed}");
    assert!(steered["strata"]["advanced-certified"]["multiplier"].is_f64(), "{parsed}");
    let u_of_epoch = "SELECT concat_ws(' ', declaration_id, draw) FROM decision WHERE period = '2025-12' \
                 AND accepted_at < DATE '2025-12-08' ORDER BY declaration_id";
    let drawn = honest.texts(u_of_epoch).await;
    let mut moved = 0;
    for alteration in [
        Alteration { seed: 1, results: true, ..HONEST },
        Alteration { seed: 2, key: true, ..HONEST },
        Alteration { seed: 3, results: true, key: true, ..HONEST },
        Alteration { seed: 4, results: true, key: true, values: true },
    ] {
        let other = place(alteration).await;
        assert_eq!(state(&other, "2025-12-07").await, of_epoch, "{alteration:?}");
        if alteration.key {
            assert_ne!(other.texts(u_of_epoch).await, drawn, "{alteration:?}");
        }
        // What an epoch was, the next one may know.
        moved += usize::from(state(&other, "2025-12-14").await != of_next);
    }
    assert!(moved > 0, "the epoch is before the next one");
}
