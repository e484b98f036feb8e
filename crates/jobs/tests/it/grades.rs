//! What values tell of columns: within lists, among values without a column, and in datasets.

use crate::place::Place;
use crate::source::{file, rows};
use tidegate_jobs::Quiet;
use tidegate_jobs::datasets::{RefreshOptions, refresh, versions};
use tidegate_jobs::grades::{Proposed, detect};
use tidegate_query::dataset::Definition;
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

fn of<'a>(found: &'a [Proposed], column: &str, kind: &str) -> &'a Proposed {
    let fits = |one: &&Proposed| one.column == column && one.kind == kind;
    found.iter().find(fits).unwrap_or_else(|| panic!("no {kind} in {column}: {found:?}"))
}

async fn grade(place: &Place, table: &str, column: &str) -> Vec<String> {
    let of_column = format!(
        "SELECT grade FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'"
    );
    place.texts(&of_column).await
}

#[tokio::test]
async fn what_stands_in_lists_and_other_values_is_proposed_for_their_columns() {
    let place = Place::new().await;
    let lodged = |i: usize| {
        format!(
            r#"{{"id":"A{i}","acceptance_date_time":"2025-03-02T07:15:00Z","declarant":{{"communication":{{"id":"+8613811{i:06}"}}}},"additional_document":[{{"id":"LIC-{i}"}},{{"id":"LIC-{i}-2","submitter":{{"id":"138112{i:05}"}}}}],"goods_shipment":{{"government_agency_goods_item":[{{"sequence_numeric":1}}]}}}}"#
        )
    };
    let lines: Vec<String> = (0..60).map(lodged).collect();
    let path = place.write("lodged.ndjson", &lines.join("\n"));
    assert_eq!(place.ingest_messages(&[path], false).await.unwrap().counts.accepted, 60);

    let found = detect(&place.home, Some("declaration"), &mut Quiet).await.unwrap();
    let phone = "telephone number";
    let other = of(&found, "other_values", phone);
    let evidence = "60 of 60 values at Declarant/Communication/ID have the form of a telephone number";
    assert_eq!((other.grade, other.category), (Grade::General3, Category::Document));
    assert_eq!((other.proposed_grade, other.proposed_category), (Grade::General4, Category::Person));
    assert_eq!(other.evidence, evidence);
    assert!(other.confidence > 0.9, "{}", other.confidence);
    let documents = of(&found, "header_documents", phone);
    assert_eq!(documents.evidence, "60 of 60 values at submitter.id have the form of a telephone number");
    assert_eq!(found.len(), 2, "{found:?}");

    let (grade_4, person) = (Some("general-4"), Some("person"));
    place.confirm("declaration.other_values", grade_4, person, evidence).await.unwrap();
    assert_eq!(grade(&place, "declaration", "other_values").await, ["general-4"]);
    let again = detect(&place.home, Some("declaration"), &mut Quiet).await.unwrap();
    assert_eq!(again.iter().map(|one| one.column.as_str()).collect::<Vec<_>>(), ["header_documents"]);
}

/// Whole numbers of sellers, which their texts are.
const SELLERS: &str = "-- title = \"Sellers\"\n-- description = \"Declarations of each.\"\n-- owner = \"tests\"\n\
    -- refresh = \"daily\"\n-- unique = [\"seller\"]\n-- [columns.seller]\n-- description = \"Seller\"\n\
    -- [columns.declarations]\n-- description = \"Declarations\"\n\
    SELECT CAST(seller_id AS BIGINT) AS seller, count(*) AS declarations FROM declaration \
    GROUP BY CAST(seller_id AS BIGINT)\n";

#[tokio::test]
async fn whole_numbers_of_a_dataset_are_looked_at_and_graded() {
    let place = Place::new().await;
    let mut year = rows(1, 2025, 60, 1);
    for (i, row) in year.iter_mut().enumerate() {
        *row = row.replace(",S1,", &format!(",138{:08},", 11_111_111 + i));
    }
    place.ingest(&place.write("year.csv", &file(&year)), true).await.unwrap();
    let definitions = [Definition::parse("enterprise", "sellers", SELLERS).unwrap()];
    refresh(&place.home, &definitions, RefreshOptions::default(), &mut Quiet).await.unwrap();

    let found = detect(&place.home, Some("sellers"), &mut Quiet).await.unwrap();
    let seller = of(&found, "seller", "telephone number");
    assert_eq!((seller.grade, seller.category), (Grade::General3, Category::Party));
    assert_eq!((seller.proposed_grade, seller.proposed_category), (Grade::General4, Category::Person));
    assert_eq!(seller.evidence, "60 of 60 values have the form of a telephone number");
    let everywhere = detect(&place.home, None, &mut Quiet).await.unwrap();
    assert!(everywhere.iter().any(|one| one.table == "sellers"), "{everywhere:?}");
    let unknown = detect(&place.home, Some("nosuch"), &mut Quiet).await.unwrap_err().to_string();
    assert!(unknown.contains("there is no stored table or dataset `nosuch`"), "{unknown}");

    let column = "sellers.seller";
    let lower = place.confirm(column, Some("general-2"), None, "no").await.unwrap_err();
    assert!(lower.to_string().contains("is defined as general-3; general-2 would be lower"), "{lower}");
    let held = place.confirm(column, Some("general-4"), Some("person"), &seller.evidence).await.unwrap();
    assert_eq!((held.grade, held.category), (Grade::General4, Category::Person));
    assert_eq!(grade(&place, "sellers", "seller").await, ["general-4"]);
    assert!(detect(&place.home, Some("sellers"), &mut Quiet).await.unwrap().is_empty(), "it is no news");

    // It holds whenever the dataset is made anew, and what it is made of tells the least.
    let whole = RefreshOptions { whole: true, ..RefreshOptions::default() };
    refresh(&place.home, &definitions, whole, &mut Quiet).await.unwrap();
    assert_eq!(grade(&place, "sellers", "seller").await, ["general-4"]);
    let newest = versions(&place.home, "sellers").await.unwrap().remove(0).dataset;
    assert_eq!(newest.columns[0].grade, Grade::General4);
    let less = place.confirm(column, None, Some("consignment"), "less").await.unwrap();
    assert_eq!((less.grade, less.category), (Grade::General4, Category::Party));
}
