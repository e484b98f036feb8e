//! The keys that a home draws and signs with.

use crate::JobError;
use crate::home::{Home, random_bytes};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use tidegate_ledger::{
    KeyShare, LedgerError, Period, SignedCheckpoint, SigningKey, SigningKeyError, StoredPeriodKey,
};

/// Name of the log in checkpoints; which authority it is of, its public key says.
const LOG: &str = "tidegate/draws";

/// File of the signing key in the home.
const SIGNING_KEY: &str = "checkpoint.key";

impl Home {
    /// The key of a period. On a machine of one person a period without one gets two shares from the system's random
    /// source, and is marked so; before its first commitment the empty log is signed, which binds the key.
    ///
    /// # Errors
    /// When the ledger fails, the system gives no random bytes, or custodians must hand in their shares first.
    pub async fn key_of(&self, period: Period) -> Result<StoredPeriodKey, JobError> {
        let stored = match self.ledger.period_key(period).await {
            Ok(stored) => stored,
            Err(LedgerError::Unknown { .. }) => self.set_up_alone(period).await?,
            Err(error) => return Err(error.into()),
        };
        if self.ledger.checkpoints(period).await?.is_empty() {
            self.sign(period).await?;
        }
        Ok(stored)
    }

    async fn set_up_alone(&self, period: Period) -> Result<StoredPeriodKey, JobError> {
        let shares = [KeyShare::new(random_bytes()?), KeyShare::new(random_bytes()?)];
        match self.ledger.set_up_period_alone(period, shares, self.now).await {
            Ok(stored) => Ok(stored),
            Err(LedgerError::SameCustodian(_) | LedgerError::Exists { .. }) => {
                Err(JobError::Missing(format!(
                    "nothing can be drawn in {period} yet: its key needs the shares of two custodians; hand them in with \
                 `tidegate draws open {period} --custodian NAME`"
                )))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Signs how far the log of a period has come.
    ///
    /// # Errors
    /// When the ledger fails, or the log is not the one that was signed before.
    pub async fn sign(&self, period: Period) -> Result<SignedCheckpoint, JobError> {
        let key = self.signing_key()?;
        Ok(self.ledger.append_checkpoint(period, LOG, &key, self.now).await?)
    }

    /// The key that signs checkpoints, made when the home has none.
    ///
    /// # Errors
    /// When its file cannot be read or written.
    pub fn signing_key(&self) -> Result<SigningKey, JobError> {
        let path = self.root().join(SIGNING_KEY);
        let refused = |error: SigningKeyError| JobError::Missing(error.to_string());
        if path.exists() {
            return SigningKey::read(&path).map_err(refused);
        }
        let key = SigningKey::new(&random_bytes()?);
        match key.create(&path) {
            Ok(()) => Ok(key),
            // Another program made one meanwhile.
            Err(SigningKeyError::File { cause, .. }) if cause.kind() == ErrorKind::AlreadyExists => {
                SigningKey::read(&path).map_err(refused)
            }
            Err(error) => Err(refused(error)),
        }
    }

    /// Periods whose keys are public.
    pub(crate) async fn revealed_periods(&self) -> Result<BTreeSet<Period>, JobError> {
        let mut revealed = BTreeSet::new();
        for period in self.ledger.periods().await? {
            match self.ledger.period_key(period).await {
                Ok(stored) if stored.revealed.is_some() => {
                    revealed.insert(period);
                }
                Ok(_) | Err(LedgerError::Unknown { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(revealed)
    }
}
