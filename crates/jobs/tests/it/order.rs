//! In which order and in how many loads records come, and who else comes, moves no draw.

use crate::decide::{all, decided_between, learnt};
use crate::lodged_again::CARRIED;
use crate::place::Place;
use crate::source::{HEADER, rows, shuffled};
use arrow::array::RecordBatch;
use std::collections::BTreeSet;

/// Days of one epoch, so that nobody who comes beside moves its thresholds.
const DAYS: [&str; 7] =
    ["2025-11-15", "2025-11-16", "2025-11-17", "2025-11-18", "2025-11-19", "2025-11-20", "2025-11-21"];

/// Everything that a decision chose.
const CHOICE: &str = "declaration_id, root_id, period, draw, score, inclusion_probability, weight, \
    protected_probability, tau, realised_probability, component_code, is_candidate, is_selected, is_queued, \
    is_reinspected, lane_code";

/// What is known of a consignment before its work list is closed.
const CHANCE: &str =
    "declaration_id, root_id, period, draw, score, inclusion_probability, weight, protected_probability";

/// Declarations by consignees with transport documents, by turns at two offices; each tenth has the document of the one before
/// it, on another day.
fn carried(name: &str, first_id: usize, count: usize, offices: [&str; 2]) -> Vec<String> {
    let of_row = |(index, row): (usize, &String)| {
        let document = index - usize::from(index % 10 == 9);
        let mut fields: Vec<&str> = row.split(',').collect();
        (fields[1], fields[2]) = (DAYS[index % 7], offices[document % 2]);
        format!("{},{name}C{document},{name}H{document},1,{}", fields.join(","), fields[1])
    };
    rows(first_id as u64, 2025, count, first_id).iter().enumerate().map(of_row).collect()
}

/// Declarations at an office with neither consignee nor document.
fn plain(first_id: usize, office: &str) -> Vec<String> {
    let of_row = |(index, row): (usize, &String)| {
        let mut fields: Vec<&str> = row.split(',').collect();
        (fields[1], fields[2]) = (DAYS[index % 7], office);
        format!("{},,,1,{}", fields.join(","), fields[1])
    };
    rows(first_id as u64, 2025, 14, first_id).iter().enumerate().map(of_row).collect()
}

/// A place where loads came one after the other before the epoch was decided.
async fn decided(loads: &[Vec<String>]) -> Place {
    let place = learnt().await;
    for (number, load) in loads.iter().enumerate() {
        let header = format!("{HEADER},Consignee,House Bill,Version,Issued");
        let lines: Vec<String> = [header].iter().chain(load).cloned().collect();
        place.ingest_with(CARRIED, &format!("load-{number}.csv"), &lines).await;
    }
    decided_between(&place, 3, [Some(DAYS[0]), Some(DAYS[6])]).await;
    place
}

/// Columns of the decisions on numbers from 800,000 to 899,999 at an office, or at all.
async fn of(place: &Place, columns: &str, office: &str) -> RecordBatch {
    let sql = format!(
        "SELECT {columns} FROM decision WHERE CAST(declaration_id AS BIGINT) BETWEEN 800000 AND 899999 \
         AND office_id LIKE '{office}' ORDER BY declaration_id"
    );
    all(place, &sql).await
}

#[tokio::test]
async fn the_order_of_records_and_their_loads_leave_no_trace() {
    let first = carried("A", 800_000, 120, ["21", "22"]);
    let (early, late) = first.split_at(70);
    let in_order = decided(&[early.to_vec(), late.to_vec()]).await;
    let again = shuffled(&first, 7);
    assert_ne!(first, again);
    let (some, others) = again.split_at(20);
    let (more, last) = others.split_at(55);
    let otherwise = decided(&[last.to_vec(), some.to_vec(), more.to_vec()]).await;
    let choices = of(&in_order, CHOICE, "%").await;
    assert_eq!(choices.num_rows(), 120);
    assert_eq!(choices, of(&otherwise, CHOICE, "%").await);
    let selected =
        "SELECT count(*) FROM decision WHERE is_selected AND CAST(declaration_id AS BIGINT) >= 800000";
    assert!(in_order.count(selected).await > 10);
}

/// p and u of a consignment are its own. What is left of p within the slots of a list depends on who else is on that list.
#[tokio::test]
async fn bystanders_move_neither_p_nor_draw_and_what_is_left_of_p_on_their_lists_alone() {
    let first = carried("A", 800_000, 120, ["21", "22"]);
    let alone = decided(std::slice::from_ref(&first)).await;
    let bystanders = carried("B", 900_000, 80, ["22", "23"]);
    let together = shuffled(&[first, bystanders].concat(), 11);
    let beside = decided(&[together]).await;
    assert_eq!(of(&alone, CHANCE, "%").await, of(&beside, CHANCE, "%").await);
    assert_eq!(of(&alone, CHOICE, "21").await, of(&beside, CHOICE, "21").await, "their lists are the same");
    let realised = "realised_probability";
    assert_eq!(of(&alone, CHOICE, "22").await.num_rows(), 48);
    assert_ne!(of(&alone, realised, "22").await, of(&beside, realised, "22").await, "slots are shared");
}

/// The exception: what has neither consignee nor document is named after the load and the row that brought it first, so that
/// no trader can choose it.
#[tokio::test]
async fn without_a_document_load_and_row_name_the_consignment() {
    let lines = plain(800_000, "21");
    let once = decided(std::slice::from_ref(&lines)).await;
    let moved = decided(&[shuffled(&lines, 3)]).await;
    let p = "declaration_id, score, inclusion_probability, weight, protected_probability";
    assert_eq!(of(&once, p, "21").await, of(&moved, p, "21").await);
    let roots = "SELECT root_id FROM decision WHERE office_id = '21'";
    let of_both: BTreeSet<String> =
        once.texts(roots).await.into_iter().chain(moved.texts(roots).await).collect();
    assert_eq!(of_both.len(), 2 * lines.len());
}
