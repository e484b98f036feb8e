//! The audit chain: appended, read back, verified, and tampered with in every way.

mod appending;
mod document;
mod killed;
mod tampered;
mod verifying;

use tidegate_ledger::{
    Actor, AuditEvent, Door, Hash256, Ledger, NewAuditEntry, PolicyName, PolicyVersion, SignedAuditCheckpoint,
};

use crate::support::{at, signing_key};

pub const AUDIT_LOG: &str = "customs.example/audit";

pub fn actor() -> Actor {
    Actor { id: None, name: "Ana".to_owned() }
}

/// A read of `count` rows about one company, and its end.
pub fn entry(number: u64) -> NewAuditEntry {
    let time = at("2026-11-24T16:00:00Z") + chrono::TimeDelta::seconds(number as i64);
    let mut entry = NewAuditEntry::new(time, actor(), Door::Http, "case 2026-7", AuditEvent::Read);
    entry.fingerprint = Some(Hash256::of(&number.to_be_bytes()));
    entry.statement =
        Some(format!("SELECT \"importer_id\" FROM goods_item WHERE hs6 = ? -- {number}\u{7f}é\n"));
    let read = entry.tables.entry("goods_item".to_owned()).or_default();
    read.shown.insert("importer_id".to_owned());
    read.used.extend(["commodity_hs6".to_owned(), "declaration_id".to_owned()]);
    entry.policy_version = Some(match number % 2 {
        0 => PolicyName::Version(PolicyVersion(3)),
        _ => PolicyName::Shipped(Hash256::of(b"files")),
    });
    (entry.snapshot, entry.rows) = (Some(12), Some(number));
    entry.subjects.extend([format!("E{}", number % 5), format!("P{}", number % 3)]);
    entry.subjects_complete = true;
    entry
}

pub async fn fill(ledger: &Ledger, entries: u64) {
    let new: Vec<_> = (1..=entries).map(entry).collect();
    ledger.append_audit(&new).await.unwrap();
}

pub async fn sign(ledger: &Ledger, time: &str) -> SignedAuditCheckpoint {
    ledger.append_audit_checkpoint(AUDIT_LOG, &signing_key(), at(time)).await.unwrap()
}
