//! What a plan says of itself: the tables and columns it reads.

use crate::country::{officer, platform};
use tidegate_query::Principal;
use tidegate_query::policy::Policy;

#[tokio::test]
async fn columns_that_only_filter_or_join_are_read_too() {
    let platform = platform(&Policy::shipped_files());
    let principal = Principal::Person(officer());
    let sql = "SELECT d.declaration_id FROM declaration d JOIN goods_item i ON i.declaration_id = d.declaration_id \
               WHERE d.invoice_amount > 3 AND EXISTS (SELECT 1 FROM decision x WHERE x.declaration_id = d.declaration_id \
               AND x.directive LIKE '%pallet%')";
    let plan = platform.plan_for(&principal, "inspection", sql).await.unwrap();
    let columns = &plan.reading().columns;
    let of = |table: &str| columns[table].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("declaration"), ["declaration_id", "invoice_amount"]);
    assert_eq!(of("goods_item"), ["declaration_id"]);
    assert_eq!(of("decision"), ["declaration_id", "directive"]);
}
