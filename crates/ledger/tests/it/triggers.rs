//! What the file itself refuses, whoever writes to it.

use sqlx::AssertSqlSafe;
use tidegate_ledger::Activation;

use crate::support::{BUNDLE, LOG, Place, commitments, now, period, reveal, signing_key};

async fn place_with_one_of_each() -> Place {
    let place = Place::new();
    let ledger = place.filled().await;
    let activation = Activation {
        alias: "default".to_owned(),
        bundle: BUNDLE,
        effective_from: now(),
        activated_by: ledger.local_owner().await.unwrap().id,
        recorded_at: now(),
        proposal: None,
    };
    ledger.activate_bundle(&activation).await.unwrap();
    ledger.append_commitments(period(), &commitments(3, "a")).await.unwrap();
    ledger.append_checkpoint(period(), LOG, &signing_key(), now()).await.unwrap();
    ledger.close().await;
    place
}

/// Checks that the file refuses `sql` with a message that contains `refusal`.
async fn refused(place: &Place, sql: &str, refusal: &str) {
    let result = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut place.raw().await).await;
    let error = result.expect_err(sql).to_string();
    assert!(error.contains(refusal), "{sql}: {error}");
}

#[tokio::test]
async fn append_only_tables_refuse_update_delete_and_replace() {
    let place = place_with_one_of_each().await;
    let tables = [
        ("bundles", "name = 'x'"),
        ("bundle_activations", "alias = 'x'"),
        ("policy_states", "content = '{}'"),
        ("periods", "opened_at = 1"),
        ("key_shares", "handed_in_at = 1"),
        ("commitments", "root = 'x'"),
        ("checkpoints", "log = 'x'"),
    ];
    for (table, change) in tables {
        refused(&place, &format!("UPDATE {table} SET {change}"), "append-only").await;
        refused(&place, &format!("DELETE FROM {table}"), "append-only").await;
        refused(&place, &format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"), "append-only")
            .await;
    }
}

#[tokio::test]
async fn a_proposal_is_decided_once_and_never_by_who_made_it() {
    let place = place_with_one_of_each().await;
    let propose = "INSERT INTO bundle_proposals (alias, bundle_hash, reason, proposed_by, proposed_at)
        SELECT 'default', bundle_hash, 'because', 1, 1 FROM bundle_activations";
    sqlx::raw_sql(propose).execute(&mut place.raw().await).await.unwrap();
    let decide = |approved| format!("INSERT INTO bundle_verdicts VALUES (1, {approved}, 'because', 1, 2)");
    refused(&place, &decide(1), "by another principal").await;
    sqlx::raw_sql(AssertSqlSafe(decide(0))).execute(&mut place.raw().await).await.unwrap();
    for (table, change) in [("bundle_verdicts", "approved = 1"), ("bundle_proposals", "alias = 'x'")] {
        for sql in [
            format!("UPDATE {table} SET {change}"),
            format!("DELETE FROM {table}"),
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
        ] {
            let why = if table == "bundle_verdicts" { "is decided once" } else { "append-only" };
            refused(&place, &sql, why).await;
        }
    }
}

#[tokio::test]
async fn numbers_without_gap_are_kept_by_the_file() {
    let place = place_with_one_of_each().await;
    let skip = "INSERT INTO commitments SELECT period, 5, root, version, office, day, close, list_number,
        list_rows, waiting, least_lane, p_parts, policy_state_version, bundle_hash, salt, previous, hash, slots_taken FROM commitments WHERE sequence = 3";
    refused(&place, skip, "has no gap").await;
    let back =
        "INSERT INTO checkpoints SELECT period, 2, log, 2, head, merkle_root, key_commitment, signed_at,
        public_key, signature FROM checkpoints";
    refused(&place, back, "counts never fall").await;
    let skip = "INSERT INTO policy_states SELECT 3, content, sha256, effective_from, based_on, recorded_at
        FROM policy_states";
    refused(&place, skip, "have no gap").await;
}

#[tokio::test]
async fn a_period_key_is_neither_replaced_nor_deleted_nor_hidden_again() {
    let place = place_with_one_of_each().await;
    refused(&place, "UPDATE period_keys SET commitment = randomblob(32)", "never changed").await;
    let swapped =
        "UPDATE period_keys SET public_value = x'00', revealed_at = 1, revealed_by = 1, closed_roots = 0,
        closed_as_of = 0";
    refused(&place, swapped, "never changed").await;
    refused(&place, "UPDATE period_keys SET revealed_at = 1", "CHECK").await;
    refused(&place, "DELETE FROM period_keys", "never deleted").await;
    refused(&place, "INSERT OR REPLACE INTO period_keys SELECT * FROM period_keys", "never replaced").await;
    reveal(&place.open().await).await;
    refused(&place, "UPDATE period_keys SET revealed_at = NULL", "never changed").await;
    refused(&place, "UPDATE period_keys SET revealed_at = 2", "never changed").await;
}

#[tokio::test]
async fn there_is_one_local_owner_and_nobody_is_deleted() {
    let place = place_with_one_of_each().await;
    let second =
        "INSERT INTO principals (name, kind, roles, created_at) VALUES ('x', 'local-owner', '[]', 0)";
    refused(&place, second, "UNIQUE").await;
    refused(&place, "DELETE FROM principals", "never deleted").await;
    refused(&place, "UPDATE principals SET disabled_at = 1", "CHECK").await;
}
