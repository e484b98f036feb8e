//! Consignments that come again: amended, split, lodged once more, or late.

use crate::decide::{all, day, decided, decided_between, decided_until, fixture, learnt, replayed_alike};
use crate::place::Place;
use crate::source::{HEADER, fields, file, rows};
use tidegate_jobs::{LearnOptions, Quiet, learn};

pub const CARRIED: &str = "
[[declaration]]
column = 'Consignee'
path = 'GoodsShipment/Consignee/ID'

[[declaration]]
column = 'House Bill'
path = 'GoodsShipment/Consignment/TransportContractDocument/ID'

[[declaration]]
column = 'Version'
path = 'VersionNumeric'

[[declaration]]
column = 'Issued'
path = 'IssueDateTime'
";

/// A version of a declaration: id, version, days of acceptance and of issue, transport document.
pub type Lodged<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

/// Loads copies of the first row with other days, each of one consignee with a transport document, at an office and with
/// a result.
pub async fn ingest_carried(place: &Place, lodged: &[(&str, &str, &str)], goods: [&str; 3]) {
    let first = |(id, day, document): &(_, _, _)| (*id, "1", *day, *day, *document);
    ingest_versions(place, &lodged.iter().map(first).collect::<Vec<_>>(), goods).await;
}

pub async fn ingest_versions(place: &Place, lodged: &[Lodged<'_>], [office, mass, result]: [&str; 3]) {
    let mut fields = fields().split_off(2);
    office.clone_into(&mut fields[0]);
    mass.clone_into(&mut fields[16]);
    fields[18..].fill(result.to_owned());
    let fields = fields.join(",");
    let row = |(id, version, accepted, issued, document): &Lodged<'_>| {
        format!("{id},{accepted},{fields},C1,{document},{version},{issued}")
    };
    let header = format!("{HEADER},Consignee,House Bill,Version,Issued");
    let lines: Vec<String> = [header].into_iter().chain(lodged.iter().map(row)).collect();
    place.ingest_with(CARRIED, &format!("{}-{}.csv", lodged[0].0, lodged[0].1), &lines).await;
}

#[tokio::test]
async fn a_consignment_lodged_again_keeps_its_draw() {
    let place = learnt().await;
    // Twenty consignments, each lodged in November, split the next week, and lodged again in December.
    let mut lodged = Vec::new();
    let documents: Vec<String> = (0..20).map(|i| format!("H{i}")).collect();
    let ids: Vec<String> = (0..60).map(|i| (700_000 + i).to_string()).collect();
    for (i, id) in ids.iter().enumerate() {
        let day = ["2025-11-03", "2025-11-11", "2025-12-10"][i / 20];
        lodged.push((id.as_str(), day, documents[i % 20].as_str()));
    }
    ingest_carried(&place, &lodged, ["20", "12.5", "0"]).await;
    // One run for each lodgement and one for all of them come to the same.
    for to in ["2025-11-04", "2025-12-31"] {
        decided_until(&place, 3, to).await;
    }
    let consignments = "SELECT count(*) FROM (SELECT root_id FROM decision WHERE \
        CAST(declaration_id AS BIGINT) >= 700000 GROUP BY root_id HAVING count(*) = 3 \
        AND count(DISTINCT draw) = 1 AND count(DISTINCT period) = 1 AND min(period) = '2025-11')";
    assert_eq!(place.count(consignments).await, 20);
    let fallen = "SELECT count(*) FROM decision a JOIN decision b ON a.root_id = b.root_id \
        AND a.accepted_at < b.accepted_at WHERE b.inclusion_probability < a.inclusion_probability \
        OR b.realised_probability < a.realised_probability - 1e-12 OR (a.is_selected AND NOT b.is_selected)";
    assert_eq!(place.count(fallen).await, 0, "p and pi never fall, and what is on a list stays there");
    let twice = "SELECT count(*) FROM (SELECT listed_on, office_id, count(DISTINCT root_id) AS n FROM decision \
        WHERE is_selected GROUP BY 1, 2) d JOIN work_list w ON w.listed_on = d.listed_on \
        AND w.office_id = d.office_id WHERE w.listed + w.queued > d.n";
    assert_eq!(place.count(twice).await, 0, "a consignment that is on a list takes no second slot");
    replayed_alike(&place, "2025-11-01", "2025-12-31").await;
}

/// A bundle that comes into force between two lodgements gives another score, and no other draw; whoever lodges again, under
/// whichever bundle, is selected with the greatest p and not more.
#[tokio::test]
async fn a_second_bundle_does_not_roll_the_dice_again() {
    let place = learnt().await;
    let documents: Vec<String> = (0..40).map(|i| format!("H{i}")).collect();
    let ids: Vec<String> = (0..120).map(|i| (700_000 + i).to_string()).collect();
    let lodgings = [("2025-11-03", "12.5"), ("2025-11-11", "30.5"), ("2025-12-10", "38.5")];
    for (number, (lodged, mass)) in lodgings.into_iter().enumerate() {
        let of_day = ids[number * 40..(number + 1) * 40].iter().zip(&documents);
        let of_day: Vec<_> = of_day.map(|(id, document)| (id.as_str(), lodged, document.as_str())).collect();
        ingest_carried(&place, &of_day, ["20", mass, "0"]).await;
        if number == 1 {
            let options = LearnOptions {
                features: Some(fixture("features")),
                rules: Some(fixture("rules")),
                until: Some(day("2025-09-30")),
                ..LearnOptions::default()
            };
            learn(&place.home, &options, &mut Quiet).await.unwrap();
        }
        decided_between(&place, 3, [Some("2025-11-01"), Some(lodged)]).await;
    }
    let of_root = "FROM decision WHERE CAST(declaration_id AS BIGINT) >= 700000 GROUP BY root_id";
    let one_draw = format!(
        "SELECT count(*) FROM (SELECT root_id {of_root} HAVING count(*) = 3 AND count(DISTINCT bundle_hash) = 2 \
         AND count(DISTINCT score) > 1 AND count(DISTINCT draw) = 1 AND count(DISTINCT period) = 1)"
    );
    assert_eq!(place.count(&one_draw).await, 40);
    // Had each lodgement a draw of its own, a consignment would be a candidate with 1 - (1 - p1)(1 - p2)(1 - p3).
    let rolled = format!(
        "SELECT count(*) FROM (SELECT root_id, bool_or(is_candidate) AS ever, min(draw) AS u, \
         max(inclusion_probability) AS p {of_root}) WHERE ever <> (u < p)"
    );
    assert_eq!(place.count(&rolled).await, 0);
    let fallen = "SELECT count(*) FROM decision a JOIN decision b ON a.root_id = b.root_id \
        AND a.accepted_at < b.accepted_at WHERE b.inclusion_probability < a.inclusion_probability \
        OR (a.is_selected AND NOT b.is_selected)";
    assert_eq!(place.count(fallen).await, 0, "p never falls, and what is on a list stays there");
    replayed_alike(&place, "2025-11-01", "2025-12-10").await;
}

#[tokio::test]
async fn one_call_over_many_epochs_decides_what_several_calls_do() {
    // Twelve consignments, each lodged four times: twice in an epoch, in the next one, and in the next month.
    let lodgings = ["2025-11-03", "2025-11-05", "2025-11-11", "2025-12-02"];
    let documents: Vec<String> = (0..12).map(|i| format!("H{i}")).collect();
    let ids: Vec<String> = (0..48).map(|i| (700_000 + i).to_string()).collect();
    let lodged: Vec<(&str, &str, &str)> = ids
        .iter()
        .enumerate()
        .map(|(i, id)| (id.as_str(), lodgings[i / 12], documents[i % 12].as_str()))
        .collect();
    let mut stored = Vec::new();
    let several = ["2025-11-03", "2025-11-06", "2025-11-14", "2025-11-30", "2025-12-05"];
    for calls in [&several[4..], &several] {
        let place = learnt().await;
        ingest_carried(&place, &lodged, ["20", "12.5", "0"]).await;
        // A consignment that is named after a document which its declaration has no more when another comes with it.
        let of_one = [
            ("700100", "1", "2025-11-03", "2025-11-03", "H100"),
            ("700101", "1", "2025-11-12", "2025-11-12", "H100"),
            ("700100", "2", "2025-11-03", "2025-11-20", "H101"),
            ("700102", "1", "2025-12-03", "2025-12-03", "H100"),
        ];
        ingest_versions(&place, &of_one, ["20", "12.5", "0"]).await;
        for to in calls {
            decided_between(&place, 3, [Some("2025-10-29"), Some(*to)]).await;
        }
        let sql = "SELECT declaration_id, version_number, listed_on, period, draw, inclusion_probability, weight, \
                   protected_probability, tau, realised_probability, is_selected, is_queued, lane_code \
                   FROM decision ORDER BY declaration_id, version_number";
        stored.push(all(&place, sql).await);
        let roots = "SELECT count(*) FROM (SELECT root_id FROM decision WHERE declaration_id LIKE '70010_' \
                     GROUP BY root_id HAVING count(*) = 4 AND count(DISTINCT draw) = 1)";
        assert_eq!(place.count(roots).await, 1);
        let fallen = "SELECT count(*) FROM decision a JOIN decision b ON a.root_id = b.root_id \
                      AND a.listed_on < b.listed_on WHERE b.inclusion_probability < a.inclusion_probability";
        assert_eq!(place.count(fallen).await, 0, "p never falls");
    }
    assert!(stored[0].num_rows() > 300, "{}", stored[0].num_rows());
    assert_eq!(stored[0], stored[1]);
}

#[tokio::test]
async fn what_is_lodged_late_for_a_closed_day_shares_its_slots() {
    let place = learnt().await;
    assert_eq!(decided(&place).await.reopened_lists, 0);
    let of_november = |row: &String| row.split(',').nth(1).is_some_and(|d| d.starts_with("2025-11"));
    let late: Vec<String> = rows(9, 2025, 3_000, 500_000).into_iter().filter(of_november).collect();
    place.ingest(&place.write("late.csv", &file(&late)), true).await.unwrap();
    let again = decided_between(&place, 3, [Some("2025-11-01"), None]).await;
    assert_eq!(again.decided, late.len() as u64);
    assert!(again.reopened_lists > 10, "{}", again.reopened_lists);
    // Done on a day: who was served from the queue, and who is on a list and does not wait.
    let days = "SELECT office_id, listed_on, count(*) AS lists, sum(waiting_before + protected - waiting_after \
         + listed - (protected - queued)) AS done FROM work_list GROUP BY 1, 2";
    let over = format!("SELECT count(*) FROM ({days}) WHERE done > 3");
    assert_eq!(place.count(&over).await, 0, "no day exceeds its slots");
    let shared = format!("SELECT count(*) FROM ({days}) WHERE lists > 1 AND done = 3");
    assert!(place.count(&shared).await > 5);
    let left = "SELECT count(*) FROM work_list WHERE slots < 3 AND listed > 0";
    assert!(place.count(left).await > 0, "what is left is used");
}
