//! The rights by which rows of an answer go out, asked for again while they do.

use crate::people::is_local_owner;
use crate::visit::{Clock, Visit};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tidegate_ledger::{Ledger, LedgerError, PolicyVersion, Principal};
use tidegate_query::QueryError;
use tokio::time::{Instant, Sleep, sleep, timeout_at};

const ACCOUNT: &str = "the account is disabled, or what it may be was changed";
const POLICY: &str = "the policy was changed; ask again to be answered by the new one";
const UNKNOWN: &str =
    "it could not be asked whether the account may still read; the platform's log has the cause";
const UNANSWERED: &str =
    "it was not answered in time whether the account may still read; the platform's log has the cause";

/// What an answer is given by: an account, the token that let it in, and the policy.
pub(crate) struct Rights {
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
    pub(crate) visit: Visit,
    pub(crate) policy: Option<PolicyVersion>,
}

impl Rights {
    /// That they hold still, as far as the ledger says so by then. Those of the local owner always do.
    async fn ask(self: Arc<Self>, until: Instant) -> Result<(), QueryError> {
        if is_local_owner(&self.visit.account) {
            return Ok(());
        }
        match timeout_at(until, self.ended()).await {
            Ok(Ok(None)) => Ok(()),
            Ok(Ok(Some(why))) => Err(QueryError::Ended(why)),
            Ok(Err(error)) => {
                tracing::error!(%error, "the rights of a reader could not be asked for again");
                Err(QueryError::Ended(UNKNOWN))
            }
            Err(_) => {
                tracing::error!("the ledger did not say in time whether the rights of a reader hold");
                Err(QueryError::Ended(UNANSWERED))
            }
        }
    }

    async fn ended(&self) -> Result<Option<&'static str>, LedgerError> {
        let account = match self.account().await {
            Err(LedgerError::NotAuthenticated(why)) => return Ok(Some(why)),
            account => account?,
        };
        if account != self.visit.account {
            return Ok(Some(ACCOUNT));
        }
        let policy = self.ledger.policy_in_force().await?.map(|policy| policy.version);
        Ok((policy != self.policy).then_some(POLICY))
    }

    async fn account(&self) -> Result<Principal, LedgerError> {
        match self.visit.token {
            Some(token) => {
                let (account, _) = self.ledger.authenticate_token_again(token, (self.clock)()).await?;
                Ok(account)
            }
            None => self.ledger.principal(self.visit.account.id).await,
        }
    }
}

/// Asks every so often whether rights hold, whoever waits for rows, and waits for that no longer than a query may run.
pub(crate) struct Watch {
    rights: Arc<Rights>,
    every: Duration,
    until: Instant,
    due: Pin<Box<Sleep>>,
    asking: Option<BoxFuture<'static, Result<(), QueryError>>>,
}

impl Watch {
    pub(crate) fn new(rights: Rights, every: Duration, time: Duration) -> Self {
        let (until, due) = (Instant::now() + time, Box::pin(sleep(every)));
        Self { rights: Arc::new(rights), every, until, due, asking: None }
    }

    /// Ready when rows may go out: not while it is due to ask, however long nobody came for rows.
    pub(crate) fn poll_holds(&mut self, context: &mut Context<'_>) -> Poll<Result<(), QueryError>> {
        loop {
            if let Some(asking) = &mut self.asking {
                let answer = ready!(asking.poll_unpin(context));
                self.asking = None;
                self.due.as_mut().reset(Instant::now() + self.every);
                answer?;
            }
            if self.due.poll_unpin(context).is_pending() {
                return Poll::Ready(Ok(()));
            }
            // Where the time of the query is over, the answer itself is to say so.
            let until = self.until.max(Instant::now() + self.every);
            self.asking = Some(Arc::clone(&self.rights).ask(until).boxed());
        }
    }
}
