//! Commitments: salted, chained records of what decided a draw's probability, made before the draw is known.

use std::fmt;

use chrono::NaiveDate;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::draw_parts::DRAW_PARTS_BYTES;
use crate::{DrawParts, Hash256, Lane, LedgerError, Period, PolicyStateVersion, column};

/// Length of a salt; long enough that the committed values cannot be guessed and tried.
pub const SALT_BYTES: usize = 32;

const MAX_ROOT_BYTES: usize = 512;
const MAX_OFFICE_BYTES: usize = 512;

/// What is committed for one draw: everything that decides it but the key.
#[derive(Clone, PartialEq)]
pub struct NewCommitment {
    /// Root of the consignment, 1 to 512 bytes: an opaque pseudonym, since the auditors' files show it.
    pub root: String,
    /// Version of the declaration that is decided.
    pub version: i64,
    /// Office whose work list it may come onto, at most 512 bytes; empty when the declaration names none.
    pub office: String,
    /// UTC day of that work list.
    pub day: NaiveDate,
    /// Which of the closes it is in, which with the office names the list: decided days are closed one after another,
    /// counted from 1 over all periods. A close has one day and one policy state.
    pub close: u64,
    /// Which of the lists of the office it is, from 1.
    pub list_number: u64,
    /// Commitments on that work list, this one among them, counted over all periods: none can join it once draws are
    /// known.
    pub list_rows: u32,
    /// Protected consignments that wait for a slot from the lists of the office before.
    pub waiting: u32,
    /// Slots of the day that earlier lists of the office took.
    pub slots_taken: u32,
    /// Least intrusive lane that the rules allow; from orange on, inspection is mandatory.
    pub least_lane: Lane,
    /// The inclusion probability and its parts.
    pub parts: DrawParts,
    /// Policy state that gave them.
    pub policy_state: PolicyStateVersion,
    /// Bundle that gave them.
    pub bundle: Hash256,
    /// Fresh random bytes.
    pub salt: [u8; SALT_BYTES],
}

/// A commitment in its place.
#[derive(Clone, PartialEq)]
pub struct Commitment {
    /// The period.
    pub period: Period,
    /// 1, 2, 3 and so on within the period.
    pub sequence: u64,
    /// What is committed.
    pub content: NewCommitment,
    /// Hash of the commitment before it, or the period's first hash.
    pub previous: Hash256,
    /// Its own hash.
    pub hash: Hash256,
}

/// Roots are trader identities and probabilities leak targeting, so neither is shown in a log.
impl fmt::Debug for NewCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCommitment")
            .field("policy_state", &self.policy_state)
            .field("bundle", &self.bundle)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commitment")
            .field("period", &self.period)
            .field("sequence", &self.sequence)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// Columns of the table.
pub(crate) const COLUMNS: &str =
    "period, sequence, root, version, office, day, close, list_number, list_rows, waiting, slots_taken, least_lane,
    p_parts, policy_state_version, bundle_hash, salt, previous, hash";

impl Commitment {
    pub(crate) fn from_row(period: Period, stored: &SqliteRow) -> Result<Self, LedgerError> {
        let sequence: i64 = stored.try_get("sequence")?;
        let row = column::Row { table: "commitments", key: format!("{period}/{sequence}") };
        let bytes = |name| stored.try_get::<&[u8], _>(name);
        let day: &str = stored.try_get("day")?;
        let count = |name| row.count(stored.try_get::<i64, _>(name)?);
        let small = |name| {
            let found = count(name)?;
            u32::try_from(found).map_err(|_| row.damaged(format!("{name} {found}")))
        };
        let least_lane: &str = stored.try_get("least_lane")?;
        let parts: [u8; DRAW_PARTS_BYTES] = row.bytes(bytes("p_parts")?)?;
        let content = NewCommitment {
            root: stored.try_get("root")?,
            version: stored.try_get("version")?,
            office: stored.try_get("office")?,
            day: day.parse().map_err(|_| row.damaged(format!("{day:?} is no day")))?,
            close: count("close")?,
            list_number: count("list_number")?,
            list_rows: small("list_rows")?,
            waiting: small("waiting")?,
            slots_taken: small("slots_taken")?,
            least_lane: least_lane.parse().map_err(|e: crate::ParseLaneError| row.damaged(e.to_string()))?,
            parts: DrawParts::from_bytes(&parts)
                .ok_or_else(|| row.damaged("its parts of p are not sound"))?,
            policy_state: PolicyStateVersion(stored.try_get("policy_state_version")?),
            bundle: row.hash(bytes("bundle_hash")?)?,
            salt: row.bytes(bytes("salt")?)?,
        };
        let (previous, hash) = (row.hash(bytes("previous")?)?, row.hash(bytes("hash")?)?);
        Ok(Self { period, sequence: row.count(sequence)?, content, previous, hash })
    }
}

pub(crate) fn check_limits(new: &NewCommitment) -> Result<(), LedgerError> {
    let invalid = |what, found, right| Err(LedgerError::Invalid { what, found, right });
    let (root, office) = (new.root.len(), new.office.len());
    if !(1..=MAX_ROOT_BYTES).contains(&root) {
        return invalid("the root of a commitment", format!("{root} bytes long"), "1 to 512 bytes long");
    }
    if office > MAX_OFFICE_BYTES {
        return invalid(
            "the office of a commitment",
            format!("{office} bytes long"),
            "at most 512 bytes long",
        );
    }
    if new.list_rows == 0 {
        return invalid("the length of a work list", "0".to_owned(), "at least 1, the commitment itself");
    }
    if new.close == 0 || new.list_number == 0 {
        return invalid("the close or list number of a commitment", "0".to_owned(), "counted from 1");
    }
    if !new.parts.is_sound() {
        return invalid(
            "a part of p of a commitment",
            "outside its range".to_owned(),
            "in [0, 1], r not negative",
        );
    }
    if new.parts.mandatory != new.least_lane.is_inspection() {
        let found = format!("{}, and the least lane {}", new.parts.mandatory, new.least_lane);
        return invalid("mandatory", found, "true exactly when the rules allow no lane below orange");
    }
    Ok(())
}
