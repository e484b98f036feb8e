//! Legal holds: what must not be erased while somebody disputes it.

use chrono::{DateTime, NaiveDate, Utc};

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{HoldId, Ledger, LedgerError, PrincipalId, column};

/// What a hold keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The rows of a declaration, an enterprise or a person, by its key, in every table.
    Key(String),
    /// The rows of days in the table of the hold, the first and the last included.
    Days(NaiveDate, NaiveDate),
}

/// A hold that keeps what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its number.
    pub id: HoldId,
    /// The table that it was placed on.
    pub table: String,
    /// What it keeps.
    pub held: Held,
    /// Why.
    pub reason: String,
    /// Who placed it.
    pub placed_by: PrincipalId,
    /// When.
    pub placed_at: DateTime<Utc>,
}

type Stored = (i64, String, Option<String>, Option<String>, Option<String>, String, i64, i64);

impl Hold {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, table, key, first, last, reason, placed_by, placed_at) = stored;
        let row = column::Row { table: "legal_holds", key: id };
        let day = |text: &str| text.parse().map_err(|_| row.damaged(format!("{text:?} is no day")));
        let held = match (key, first, last) {
            (Some(key), None, None) => Held::Key(key),
            (None, Some(first), Some(last)) => Held::Days(day(&first)?, day(&last)?),
            _ => return Err(row.damaged("it has neither a key nor days, or both")),
        };
        Ok(Self {
            id: HoldId(id),
            table,
            held,
            reason,
            placed_by: PrincipalId(placed_by),
            placed_at: row.time(placed_at)?,
        })
    }
}

impl Ledger {
    /// Places a hold, effective at once. The reason is that of the act.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a blank table or key, for days that end before they begin, and for somebody who may
    /// not act.
    pub async fn place_hold(&self, table: &str, held: &Held, act: &Act) -> Result<HoldId, LedgerError> {
        column::require_name("the table of a hold", table)?;
        let (key, days, detail) = match held {
            Held::Key(key) => {
                column::require_name("the key of a hold", key)?;
                (Some(key.as_str()), None, format!("key {key:?}"))
            }
            Held::Days(first, last) if last < first => {
                let found = format!("{first} to {last}");
                let right = "a first day and one not before it";
                return Err(LedgerError::Invalid { what: "the days of a hold", found, right });
            }
            Held::Days(first, last) => {
                (None, Some((first.to_string(), last.to_string())), format!("days {first} to {last}"))
            }
        };
        let (first, last) = days.unzip();
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement = "INSERT INTO legal_holds
            (table_name, key, first_day, last_day, reason, placed_by, placed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id";
        let id: i64 = sqlx::query_scalar(statement)
            .bind(table)
            .bind(key)
            .bind(first)
            .bind(last)
            .bind(act.reason.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .fetch_one(&mut *tx)
            .await?;
        let detail = format!("legal hold {id} placed on {table}, {detail}");
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        tx.commit().await?;
        Ok(HoldId(id))
    }

    /// Lifts a hold from now on.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`].
    pub async fn lift_hold(&self, id: HoldId, act: &Act) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement = "UPDATE legal_holds SET lifted_at = ?, lifted_by = ?, lift_reason = ?
            WHERE id = ? AND lifted_at IS NULL";
        let done = sqlx::query(statement)
            .bind(column::from_time(act.at))
            .bind(act.by.0)
            .bind(act.reason.as_str())
            .bind(id.0)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            let key = id.to_string();
            let known: Option<i64> = sqlx::query_scalar("SELECT id FROM legal_holds WHERE id = ?")
                .bind(id.0)
                .fetch_optional(&mut *tx)
                .await?;
            return Err(match known {
                Some(_) => LedgerError::Already { what: "legal hold", key, state: "lifted" },
                None => LedgerError::Unknown { what: "legal hold", key },
            });
        }
        act.record(&mut tx, AuditEvent::Grant, format!("legal hold {id} lifted")).await?;
        Ok(tx.commit().await?)
    }

    /// The holds that are not lifted, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn holds(&self) -> Result<Vec<Hold>, LedgerError> {
        let statement = "SELECT id, table_name, key, first_day, last_day, reason, placed_by, placed_at
            FROM legal_holds WHERE lifted_at IS NULL ORDER BY id";
        let stored: Vec<Stored> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(Hold::from_stored).collect()
    }
}
