//! A ledger in a folder of its own, filled with what commitments need, and a door around it for tampering.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tempfile::TempDir;
use tidegate_ledger::{
    Act, Bundle, Door, DrawParts, Hash256, KeyShare, Lane, Ledger, LedgerLimits, NewCommitment,
    NewPolicyState, NewPrincipal, NewReveal, Period, PolicyStateVersion, PrincipalId, PrincipalKind,
    SigningKey, Standing, StoredPeriodKey,
};

pub const BUNDLE: Hash256 = Hash256::new([0xb0; 32]);

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn now() -> DateTime<Utc> {
    at("2026-11-24T16:00:00.123456Z")
}

pub fn period() -> Period {
    "2026-11".parse().unwrap()
}

/// A moment after the period.
pub fn later() -> DateTime<Utc> {
    at("2027-02-01T09:00:00Z")
}

/// Something that the local owner, who has the number 1, does now.
pub fn act() -> Act {
    Act { by: PrincipalId(1), door: Door::Cli, reason: "staff list of November".to_owned(), at: now() }
}

/// A person or service without any rights.
pub fn newcomer(name: &str, kind: PrincipalKind) -> NewPrincipal<'_> {
    NewPrincipal { name, kind, roles: BTreeSet::new(), standing: Standing::default() }
}

pub fn shares() -> [KeyShare; 2] {
    [KeyShare::new([7; 32]), KeyShare::new([8; 32])]
}

pub fn signing_key() -> SigningKey {
    SigningKey::new(&[9; 32])
}

pub const LOG: &str = "customs.example/draws";

pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite")
    }

    pub async fn open(&self) -> Ledger {
        Ledger::open(&self.file(), LedgerLimits::default(), now()).await.unwrap()
    }

    /// A ledger with one bundle, one policy state and the key of one period.
    pub async fn filled(&self) -> Ledger {
        let ledger = self.open().await;
        ledger.register_bundle(&bundle(BUNDLE, "first", &ledger).await).await.unwrap();
        ledger.append_policy_state(&policy_state("{\"floor\":0.01}", None)).await.unwrap();
        ledger.set_up_period_alone(period(), shares(), now()).await.unwrap();
        ledger
    }

    /// A connection that knows nothing of the ledger's rules but what the file itself enforces.
    pub async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.file()).connect().await.unwrap()
    }

    /// Runs statements as a careful hand would that has the file: drops its triggers, and makes them again.
    pub async fn tamper(&self, sql: &str) {
        let mut raw = self.raw().await;
        let triggers: Vec<(String, String)> =
            sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
                .fetch_all(&mut raw)
                .await
                .unwrap();
        let drops: Vec<String> = triggers.iter().map(|(name, _)| format!("DROP TRIGGER {name};")).collect();
        let makes: Vec<&str> = triggers.iter().map(|(_, sql)| sql.as_str()).collect();
        let (drops, makes) = (drops.concat(), makes.join("; "));
        let script = format!("PRAGMA foreign_keys = OFF; BEGIN; {drops} {sql}; {makes}; COMMIT;");
        sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut raw).await.unwrap();
    }
}

pub async fn bundle(hash: Hash256, name: &str, ledger: &Ledger) -> Bundle {
    Bundle {
        hash,
        name: name.to_owned(),
        created_at: now(),
        created_by: ledger.local_owner().await.unwrap().id,
        summary: "{\"rules\":3}".to_owned(),
    }
}

pub fn policy_state(content: &str, based_on: Option<PolicyStateVersion>) -> NewPolicyState {
    NewPolicyState { content: content.to_owned(), effective_from: now(), based_on, recorded_at: now() }
}

/// `count` commitments, each different from the others.
pub fn commitments(count: usize, writer: &str) -> Vec<NewCommitment> {
    (0..count)
        .map(|number| NewCommitment {
            root: format!("{writer}/house-{number}"),
            version: 1,
            office: "KR-020".to_owned(),
            day: "2026-11-24".parse().unwrap(),
            close: 1,
            list_number: 1,
            list_rows: count as u32,
            waiting: 0,
            slots_taken: 0,
            least_lane: Lane::Green,
            parts: DrawParts {
                mandatory: false,
                guaranteed: 0.0,
                floor: 0.01,
                multiplier: 1.0,
                exploration: 0.02,
                ramp: 0.5,
                probability: number as f64 / count as f64,
            },
            policy_state: PolicyStateVersion(1),
            bundle: BUNDLE,
            salt: *Hash256::of(format!("{writer}{number}").as_bytes()).as_bytes(),
        })
        .collect()
}

/// Signs the log to its end and reveals the key of the period, whose roots are all closed.
pub async fn reveal(ledger: &Ledger) -> StoredPeriodKey {
    ledger.append_checkpoint(period(), LOG, &signing_key(), later()).await.unwrap();
    let drawn = ledger.commitments(period(), 0, u32::MAX).await.unwrap();
    let closed = drawn.into_iter().map(|commitment| commitment.content.root).collect();
    let by = ledger.local_owner().await.unwrap().id;
    let new = NewReveal { period: period(), closed: &closed, closed_as_of: 12, by, at: later() };
    ledger.reveal_period_key(&new).await.unwrap()
}
