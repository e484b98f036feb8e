//! Opening a period with two custodians.

use crate::JobError;
use crate::files::read_file;
use crate::home::{Home, random_bytes};
use std::path::{Path, PathBuf};
use tidegate_ledger::{
    Hash256, KeyShare, LedgerError, NewShare, OpenedPeriod, Period, PeriodOpening, PublicKey,
};

/// A step of the opening of a period: the first opens it, each custodian hands in a share, the last derives the key.
#[derive(Debug, Clone)]
pub struct OpenDraws {
    /// The period.
    pub period: Period,
    /// Where the public value will come from; only when the period is opened.
    pub public_source: Option<String>,
    /// Who hands in a share: a person, who is added when the ledger does not know the name.
    pub custodian: Option<String>,
    /// File with the share, 64 hexadecimal digits; from the system's random source when left out.
    pub share: Option<PathBuf>,
    /// What the source gave, after both shares are in.
    pub public_value: Option<String>,
}

/// How far the opening of a period has come.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Opened {
    /// The period.
    pub period: Period,
    /// Announced source of the public value.
    pub public_source: Option<String>,
    /// Hashes of the shares handed in so far, which should be made public at once.
    pub share_commitments: Vec<String>,
    /// Hash of the key, once it is derived.
    pub key_commitment: Option<String>,
    /// Key that checks the signatures of the log.
    pub public_key: PublicKey,
}

/// Takes a step of the opening of a period.
///
/// # Errors
/// When the ledger refuses the step, and says why.
pub async fn open(home: &Home, step: &OpenDraws) -> Result<Opened, JobError> {
    let period = step.period;
    let mut opened = opened(home, step).await?;
    if let Some(name) = &step.custodian {
        let share = match &step.share {
            Some(path) => read_share(path)?,
            None => KeyShare::new(random_bytes()?),
        };
        let custodian = home.person(name).await?;
        home.ledger.hand_in_share(&NewShare { period, custodian, share, at: home.now }).await?;
        opened = home.ledger.opened_period(period).await?;
    }
    let public_source = opened.opening.public_source;
    let known = match home.ledger.period_key(period).await {
        Ok(stored) => Some(stored),
        Err(LedgerError::Unknown { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let complete = opened.shares.len() == 2 && (public_source.is_none() || step.public_value.is_some());
    let key = if known.is_none() && (complete || step.public_value.is_some()) {
        let value = step.public_value.as_deref().map(str::as_bytes);
        home.ledger.derive_period_key(period, value, home.now).await?;
        Some(home.key_of(period).await?)
    } else {
        known
    };
    Ok(Opened {
        period,
        public_source,
        share_commitments: opened.shares.iter().map(|share| share.commitment.to_string()).collect(),
        key_commitment: key.map(|stored| stored.key.commitment(period).to_string()),
        public_key: home.signing_key()?.public_key(),
    })
}

fn read_share(path: &Path) -> Result<KeyShare, JobError> {
    let name = path.display().to_string();
    let share: Result<Hash256, _> = read_file(path)?.trim().parse();
    // The error would show the share.
    let share = share.map_err(|_| JobError::Missing(format!("{name} is no share: 64 hexadecimal digits")))?;
    Ok(KeyShare::new(*share.as_bytes()))
}

async fn opened(home: &Home, step: &OpenDraws) -> Result<OpenedPeriod, JobError> {
    match home.ledger.opened_period(step.period).await {
        Ok(opened) if step.public_source.is_none() || step.public_source == opened.opening.public_source => {
            Ok(opened)
        }
        Ok(_) => Err(JobError::Missing(format!(
            "period {} is open already, and the source of its public value cannot be changed; leave out --public-source",
            step.period
        ))),
        Err(LedgerError::Unknown { .. }) => {
            let opening = PeriodOpening {
                period: step.period,
                public_source: step.public_source.clone(),
                opened_by: home.owner().await?,
                opened_at: home.now,
            };
            home.ledger.open_period(&opening).await?;
            Ok(home.ledger.opened_period(step.period).await?)
        }
        Err(error) => Err(error.into()),
    }
}
