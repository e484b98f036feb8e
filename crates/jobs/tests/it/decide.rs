//! Decisions: within capacity, explained, replayed bit by bit, and the same in SQL.

use crate::place::Place;
use crate::prepared::prepared;
use crate::source::{file, rows};
use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Float64Type, Int64Type};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tidegate_jobs::configuration::Engine;
use tidegate_jobs::draws::reveal;
use tidegate_jobs::{
    Capacity, DecideOptions, Decided, LearnOptions, Quiet, Replayed, WorkListEntry, decide, explain_decision,
    learn, query, replay, replay_in_sql, work_lists,
};
use tidegate_lake::TableSpec;
use tidegate_ledger::{KeyShare, RootKey};
use tidegate_records::tables::{DECISION, GOODS_ITEM};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/decide/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// A home that learnt from the months up to October and knows the keys of November and December: a copy of one that is
/// prepared for all tests.
pub async fn learnt() -> Place {
    prepared("learnt-home", learnt_anew).await
}

/// The same, learnt by the test itself.
async fn learnt_anew() -> Place {
    learnt_with(Place::new().await, None).await
}

/// The same, which then [`decided`]; a copy too.
pub async fn learnt_and_decided() -> Place {
    let prepare = async || {
        let place = learnt().await;
        decided(&place).await;
        place
    };
    prepared("decided-home", prepare).await
}

/// The same in a place, with the selection policy of a file.
pub async fn learnt_with(place: Place, selection: Option<String>) -> Place {
    let place = learnt_from(place, selection, &rows(1, 2025, 3_000, 1)).await;
    set_up(&place, "2025-12", [12, 112]).await;
    place
}

/// The same from some rows, without a key of December.
pub async fn learnt_from(place: Place, selection: Option<String>, year: &[String]) -> Place {
    // Before anything follows from it.
    place.home.ledger.root_key(&RootKey::new([13; 32]), place.home.now).await.unwrap();
    let path = place.write("year.csv", &file(year));
    place.ingest(&path, true).await.unwrap();
    let options = LearnOptions {
        features: Some(fixture("features")),
        rules: Some(fixture("rules")),
        selection,
        until: Some(day("2025-10-31")),
        model: None,
    };
    learn(&place.home, &options, &mut Quiet).await.unwrap();
    set_up(&place, "2025-10", [10, 110]).await;
    set_up(&place, "2025-11", [11, 111]).await;
    place
}

/// Makes the key of a period from two shares.
pub async fn set_up(place: &Place, period: &str, shares: [u8; 2]) {
    let shares = shares.map(|byte| KeyShare::new([byte; 32]));
    place.home.ledger.set_up_period_alone(period.parse().unwrap(), shares, place.home.now).await.unwrap();
}

pub async fn decided(place: &Place) -> Decided {
    decided_between(place, 3, [None, None]).await
}

/// Decides with so many slots up to a day.
pub async fn decided_until(place: &Place, slots: u32, to: &str) -> Decided {
    decided_between(place, slots, [None, Some(to)]).await
}

/// Decides with so many slots from a day to a day, where they are said.
pub async fn decided_between(place: &Place, slots: u32, [from, to]: [Option<&str>; 2]) -> Decided {
    let options = DecideOptions {
        capacity: Capacity::Slots(slots),
        from: from.map(day),
        to: to.map(day),
        ..DecideOptions::default()
    };
    decide(&place.home, &options, &mut Quiet).await.unwrap()
}

/// Replays from a day to a day, and finds every decision identical.
pub async fn replayed_alike(place: &Place, from: &str, to: &str) {
    let days = Replayed::Days(day(from), day(to));
    let report = replay(&place.home, &days, &mut Quiet).await.unwrap();
    assert_eq!(report.identical, report.decisions, "{:?}", report.differences);
}

pub async fn all(place: &Place, sql: &str) -> RecordBatch {
    let batches = query(&place.home, "test", sql).await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[tokio::test]
async fn work_lists_fit_the_capacity_and_every_choice_is_a_coin_flip() {
    let place = learnt().await;
    let decided = decided(&place).await;
    let after_the_last_record = day("2025-10-29");
    assert_eq!(
        (decided.from, decided.runs.len()),
        (after_the_last_record, 8),
        "a run for each epoch with cases"
    );
    let of_lists = place.count("SELECT count(*) FROM decision WHERE is_selected").await;
    assert_eq!(decided.selected, of_lists as u64);
    assert_eq!(decided.work_list.len() as u64, decided.selected);
    let mut stored = Vec::new();
    let take = |entry: &WorkListEntry| {
        stored.push(entry.clone());
        Ok(())
    };
    let listed = work_lists(&place.home, decided.from, decided.to, take).await.unwrap();
    assert_eq!((listed, &stored), (decided.selected, &decided.work_list));
    for (told, counted) in [
        (decided.declarations, "SELECT count(DISTINCT declaration_id) FROM decision"),
        (
            decided.selected_declarations,
            "SELECT count(DISTINCT declaration_id) FROM decision WHERE is_selected",
        ),
        (decided.slots, "SELECT sum(slots) FROM work_list"),
    ] {
        assert_eq!(told, place.count(counted).await as u64, "{counted}");
    }
    assert_eq!(
        place.count("SELECT count(*) FROM declaration WHERE accepted_at >= DATE '2025-11-01'").await,
        decided.decided as i64
    );
    let overfull = "SELECT count(*) FROM (SELECT CAST(accepted_at AS DATE), office_id FROM decision \
                    WHERE is_selected AND NOT is_queued GROUP BY 1, 2 HAVING count(*) > 3)";
    assert_eq!(place.count(overfull).await, 0);
    for law in [
        "is_candidate = (draw < inclusion_probability)",
        "is_in_floor = (draw < floor_probability)",
        "is_selected = (draw < protected_probability OR (is_candidate AND draw / weight < tau))",
        "is_selected OR lane_code IN ('green', 'yellow')",
        "NOT array_has(rules, 'heavy') OR (lane_code = 'red' AND is_selected AND inclusion_probability = 1)",
        "is_held = array_has(rules, 'light-goods')",
        "realised_probability <= inclusion_probability",
        "NOT is_in_sample",
    ] {
        let broken = format!("SELECT count(*) FROM decision WHERE NOT coalesce({law}, false)");
        assert_eq!(place.count(&broken).await, 0, "{law}");
    }
    for kind in ["mandatory", "model", "floor"] {
        let some = format!("SELECT count(*) FROM decision WHERE is_selected AND component_code = '{kind}'");
        assert!(place.count(&some).await > 0, "none selected by {kind}");
    }
    let again = self::decided(&place).await;
    assert_eq!((again.decided, again.runs.len()), (0, 0), "what is decided stays decided");
    for period in ["2025-11", "2025-12"] {
        let verdict = place.home.ledger.verify_commitments(period.parse().unwrap(), None).await.unwrap();
        assert!(format!("{verdict:?}").contains("Intact"), "{verdict:?}");
    }
}

#[tokio::test]
async fn a_replay_is_identical_and_finds_a_forged_decision() {
    let mut place = learnt().await;
    let decided = decided(&place).await;
    let days = Replayed::Days(day("2025-11-01"), day("2025-12-31"));
    let report = replay(&place.home, &days, &mut Quiet).await.unwrap();
    // On one thread, in small batches, some days after the others.
    place.home.configuration.engine = Engine { threads: 1, batch_rows: 97 };
    place.home.configuration.decide.read_versions = 100;
    let slowly = replay(&place.home, &days, &mut Quiet).await.unwrap();
    assert_eq!((slowly.decisions, slowly.identical), (report.decisions, report.identical));
    for report in [&report, &slowly] {
        assert_eq!((report.identical_lists, report.lists_as_stored), (report.lists, 0));
    }
    let in_sql = replay_in_sql(&place.home, &days, &mut Quiet).await.unwrap();
    assert_eq!((in_sql.decisions, in_sql.identical), (report.decisions, report.identical));
    assert!(in_sql.items >= in_sql.decisions && in_sql.identical_items == in_sql.items, "{in_sql:?}");
    assert_eq!(
        (report.decisions, report.identical),
        (decided.decided, decided.decided),
        "{:?}",
        report.differences
    );
    assert_eq!(report.draws_recomputed, 0);
    reveal(&place.home, "2025-11".parse().unwrap()).await.unwrap();
    let revealed = replay(&place.home, &days, &mut Quiet).await.unwrap();
    assert!(revealed.draws_recomputed > 0 && revealed.identical == revealed.decisions);

    let id = &place
        .texts("SELECT declaration_id FROM decision WHERE component_code = 'model' AND is_selected LIMIT 1")
        .await[0];
    forge(&place, id).await;
    let forged = replay(&place.home, &Replayed::Declaration(id.clone()), &mut Quiet).await.unwrap();
    let parts: Vec<&str> = forged.differences.iter().map(|d| d.part).collect();
    assert!(parts.contains(&"close") && forged.identical < forged.decisions, "{parts:?}");
    let in_sql = replay_in_sql(&place.home, &Replayed::Declaration(id.clone()), &mut Quiet).await.unwrap();
    assert!(in_sql.identical < in_sql.decisions, "{in_sql:?}");
    let missing = replay(&place.home, &Replayed::Declaration("x".to_owned()), &mut Quiet).await.unwrap_err();
    assert!(missing.to_string().contains("tidegate decide"), "{missing}");
}

/// Adds a second decision about a declaration with another cut, as somebody would who wants it off the work list.
async fn forge(place: &Place, id: &str) {
    let stored = all(place, &format!("SELECT * FROM decision WHERE declaration_id = '{id}'")).await;
    let position = stored.schema().index_of("tau").unwrap();
    let mut columns: Vec<ArrayRef> = stored.columns().to_vec();
    columns[position] = Arc::new(Float64Array::from(vec![1e-9; stored.num_rows()]));
    let forged = RecordBatch::try_new(DECISION.schema(), columns).unwrap();
    let spec =
        TableSpec::try_new(DECISION.name, &DECISION.schema(), Some("month"), DECISION.statistics).unwrap();
    let appended = place.home.lake.append(&spec, [forged], None).await.unwrap();
    place.home.lake.record_snapshot(place.home.now, [&appended]).await.unwrap();
}

#[tokio::test]
async fn sql_and_any_batch_size_give_the_bits_of_the_decision() {
    let place = learnt_and_decided().await;
    let differing = "SELECT count(*) FROM decision_item i LEFT JOIN \
        (SELECT declaration_id, goods_item_seq, assess('default', r.*) AS a FROM declaration_item r) s \
        ON s.declaration_id = i.declaration_id AND s.goods_item_seq = i.goods_item_seq \
        WHERE NOT coalesce(s.a['margin'] = i.margin AND s.a['probability'] = i.probability \
        AND s.a['score'] = i.score AND s.a['rules'] = i.rules, false)";
    assert_eq!(place.count(differing).await, 0);
    assert!(place.count("SELECT count(*) FROM decision_item").await > 0);

    let (bundle, _) = place.home.bundle(None).await.unwrap();
    let records = all(&place, "SELECT * FROM declaration_item ORDER BY declaration_id").await;
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let whole = bundle.assess(&records).unwrap();
    for size in [1, 7, 8_192] {
        let (mut margins, mut scores) = (Vec::new(), Vec::new());
        for start in (0..records.num_rows()).step_by(size) {
            let part = bundle.assess(&records.slice(start, size.min(records.num_rows() - start))).unwrap();
            margins.extend(bits(&part.margins));
            scores.extend(bits(&part.scores));
        }
        assert_eq!((margins, scores), (bits(&whole.margins), bits(&whole.scores)), "batches of {size}");
    }
    for wrong in [
        "SELECT assess('default') FROM declaration_item",
        "SELECT assess('nobody', r.*) FROM declaration_item r",
    ] {
        assert!(query(&place.home, "test", wrong).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_decision_explains_itself() {
    let place = learnt_and_decided().await;
    let heavy =
        &place.texts("SELECT declaration_id FROM decision WHERE array_has(rules, 'heavy') LIMIT 1").await[0];
    let explained = explain_decision(&place.home, heavy).await.unwrap();
    let reason = explained[0].reasons.iter().find(|r| r.kind == "rule" && r.name == "heavy").unwrap();
    assert!(
        reason.sentence.contains("weighs 40.5 kg") || reason.sentence.contains("weighs"),
        "{}",
        reason.sentence
    );
    assert!(explained[0].directive.as_ref().unwrap().contains("Weigh."));
    let blind = "SELECT count(*) FROM decision WHERE is_selected AND NOT coalesce(directive LIKE '% Look at: %', false)";
    assert_eq!(place.count(blind).await, 0, "whoever is selected, it is said what to look at");
    // An inspection by chance is told what speaks for looking, as any other is.
    let by_chance = "SELECT declaration_id FROM decision WHERE component_code IN ('floor', 'exploration') AND is_selected";
    let by_chance = place.texts(by_chance).await;
    assert!(!by_chance.is_empty());
    for id in by_chance {
        for decided in explain_decision(&place.home, &id).await.unwrap() {
            let directive = decided.directive.unwrap();
            let mut of_model = decided.reasons.iter().filter(|r| r.kind == "model");
            assert!(of_model.all(|r| directive.contains(&r.sentence)), "{directive}");
        }
    }
    let green =
        &place.texts("SELECT declaration_id FROM decision WHERE lane_code = 'green' LIMIT 1").await[0];
    let explained = explain_decision(&place.home, green).await.unwrap();
    assert!(!explained[0].selected && !explained[0].items.is_empty());
}

#[tokio::test]
async fn what_comes_later_moves_no_state_of_an_epoch() {
    let mut states = Vec::new();
    for later in [false, true] {
        let place = learnt().await;
        if later {
            // Records and results of the epoch and after it.
            let of_epoch = |row: &String| row.split(',').nth(1) >= Some("2025-11-15");
            let later: Vec<String> = rows(9, 2025, 3_000, 500_000).into_iter().filter(of_epoch).collect();
            place.ingest(&place.write("later.csv", &file(&later)), true).await.unwrap();
        }
        let options = DecideOptions {
            from: Some(day("2025-11-15")),
            to: Some(day("2025-11-21")),
            ..DecideOptions::default()
        };
        decide(&place.home, &options, &mut Quiet).await.unwrap();
        states.push(place.home.ledger.newest_policy_state().await.unwrap().unwrap().state.content);
    }
    assert_eq!(states[0], states[1]);
}

/// What a bundle has said of the days before is not worked out again: it is right although the items are gone.
#[tokio::test]
async fn decided_days_set_thresholds_as_if_they_were_assessed_again() {
    let mut states = Vec::new();
    for decided in [false, true] {
        let place = learnt().await;
        if decided {
            decided_between(&place, 3, [Some("2025-10-18"), Some("2025-11-14")]).await;
            let erased = place.home.lake.erase(GOODS_ITEM.name, "month < '2025-11'").await.unwrap();
            assert!(erased.rows > 0);
            place.home.lake.record_snapshot(place.home.now, [&erased]).await.unwrap();
        }
        decided_between(&place, 3, [Some("2025-11-15"), Some("2025-11-21")]).await;
        states.push(place.home.ledger.newest_policy_state().await.unwrap().unwrap().state.content);
    }
    assert_eq!(states[0], states[1]);
}

/// The bundle and the decisions of a fixed year, to the last bit. After a change that is meant, raise
/// `SEMANTICS_VERSION` where old decisions would come out otherwise, and run with `UPDATE_GOLDEN=1`.
#[tokio::test]
async fn bundle_and_decisions_are_those_of_the_golden_files() {
    compare_with_golden_files().await;
}

/// The same bits whatever the number of threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bundle_and_decisions_are_those_of_the_golden_files_on_four_threads() {
    compare_with_golden_files().await;
}

async fn compare_with_golden_files() {
    let place = learnt_anew().await;
    let decided = decided(&place).await;
    let folder = place.home.root().join("bundles").join(&decided.bundle);
    golden("manifest.txt", &std::fs::read_to_string(folder.join("manifest.txt")).unwrap());
    let stored = all(
        &place,
        "SELECT declaration_id, score, inclusion_probability, draw, tau, realised_probability, component_code, \
         lane_code, array_to_string(rules, ' ') AS rules, coalesce(directive, '') AS directive \
         FROM decision WHERE accepted_at < DATE '2025-11-08' ORDER BY declaration_id",
    )
    .await;
    let mut lines = String::from("declaration,score,p,draw,tau,pi,component,lane,rules,directive\n");
    for row in 0..stored.num_rows() {
        let text = |column: usize| stored.column(column).as_string::<i32>().value(row).to_owned();
        let number =
            |column: usize| stored.column(column).as_primitive::<Float64Type>().value(row).to_string();
        let fields = [
            text(0),
            number(1),
            number(2),
            number(3),
            number(4),
            number(5),
            text(6),
            text(7),
            text(8),
            text(9),
        ];
        lines.push_str(&fields.join(","));
        lines.push('\n');
    }
    golden("decisions.csv", &lines);
}

fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "{name} has changed; found:\n{found}");
}

#[tokio::test]
async fn a_second_home_with_the_same_keys_decides_alike() {
    let mut seen: Vec<BTreeMap<String, (u64, i64)>> = Vec::new();
    for place in [learnt().await, learnt_anew().await] {
        decided(&place).await;
        let stored =
            all(&place, "SELECT declaration_id, draw, CAST(is_selected AS BIGINT) FROM decision").await;
        let draws = stored.column(1).as_primitive::<Float64Type>();
        let selected = stored.column(2).as_primitive::<Int64Type>();
        let ids = stored.column(0).as_string::<i32>();
        let rows = (0..stored.num_rows())
            .map(|i| (ids.value(i).to_owned(), (draws.value(i).to_bits(), selected.value(i))));
        seen.push(rows.collect());
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn nothing_to_decide_is_said() {
    let place = Place::new().await;
    let none = decide(&place.home, &DecideOptions::default(), &mut Quiet).await.unwrap_err().to_string();
    assert!(none.contains("tidegate learn"), "{none}");
    let path = place.write("year.csv", &file(&rows(1, 2025, 1_200, 1)));
    place.ingest(&path, true).await.unwrap();
    learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    let all = decide(&place.home, &DecideOptions::default(), &mut Quiet).await.unwrap_err().to_string();
    assert!(all.contains("--until"), "{all}");
}
