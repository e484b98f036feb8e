//! Who is let in, at every door: an account by its token, for a purpose that the policy knows and the token is good for. Who
//! is not is written down; what comes too often is not even that, so that nobody fills the audit chain.

use crate::limits::RateLimits;
use std::net::IpAddr;
use std::sync::Arc;
use tidegate_jobs::JobError;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_ledger::{Actor, Door, LedgerError, Principal as Account, PrincipalKind, Token, TokenHash};

/// What somebody who is not known came for, in the audit chain.
const LOG_IN: &str = "log-in";
/// The name of who claims none.
const NOBODY: &str = "(none)";

const OWNER: &str = "the local owner comes in through no door; add a person or a service";
const STRANGER: &str = "the token belongs to somebody else";

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The token does not hold, or not for who comes.
    #[error("{0}")]
    Token(&'static str),
    /// The purpose is none of the policy's.
    #[error("`{purpose}` is no purpose of reading; there are {known}")]
    Purpose {
        /// As it was said.
        purpose: String,
        /// Those there are.
        known: String,
    },
    /// The token is not good for the door or the purpose.
    #[error("the token is not good for reading over {door} for {purpose}")]
    Scope {
        /// The door.
        door: Door,
        /// The purpose.
        purpose: String,
    },
    /// The token is not good for the door, whatever for.
    #[error("the token is not good for the door {0}")]
    Door(Door),
    /// The token was made for a program, and this takes a person who logged in.
    #[error(
        "this takes a person who logged in (POST /api/v1/session, or /sign-on); an API token is not enough"
    )]
    NoSession,
    /// Too much came within a minute.
    #[error("too many {0}; wait a minute")]
    TooMany(&'static str),
    /// Something of ours failed.
    #[error("the log-in failed inside the platform; the platform's log has the cause")]
    Inside(#[source] JobError),
}

/// Who knocks.
pub(crate) struct Caller {
    /// At which door.
    pub(crate) door: Door,
    /// Where from, where the connection tells it.
    pub(crate) address: Option<IpAddr>,
    /// Whom it claims to be, where the door asks for a name.
    pub(crate) claimed: Option<Actor>,
}

/// An account whose token holds.
pub(crate) struct Admitted {
    pub(crate) account: Account,
    pub(crate) token: Token,
}

impl Admitted {
    /// Whether the token is good for a purpose at a door.
    pub(crate) fn may_read(&self, door: Door, purpose: &str) -> bool {
        self.token.token.scopes.allow(door, purpose)
    }
}

/// Lets people in to a desk; all doors of a server share one, and what it counts.
pub struct Admission {
    desk: Arc<Desk>,
    limits: RateLimits,
}

impl Admission {
    /// Lets in to a desk, as often as its configuration says.
    pub fn new(desk: Arc<Desk>) -> Self {
        let serve = desk.home().configuration.serve;
        Self { limits: RateLimits::new(serve.requests_a_minute, serve.failures_a_minute), desk }
    }

    /// Where people read.
    pub(crate) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Forgets whom nothing is counted of any more.
    pub(crate) fn tidy(&self) {
        self.limits.tidy();
    }

    /// Counts a request of somebody who was let in.
    pub(crate) fn count(&self, account: &Account) -> Result<(), Refusal> {
        if self.limits.admits(account.id) { Ok(()) } else { Err(Refusal::TooMany("requests")) }
    }

    /// Counts a log-in that failed, or may.
    pub(crate) fn count_failure(&self, address: Option<IpAddr>) -> Result<(), Refusal> {
        match address {
            Some(address) if !self.limits.forgives(address) => {
                Err(Refusal::TooMany("failed log-ins from this address"))
            }
            _ => Ok(()),
        }
    }

    /// Counts a sign-on that is begun. It is no failed log-in: it guesses nothing.
    pub(crate) fn count_sign_on(&self, address: Option<IpAddr>) -> Result<(), Refusal> {
        match address {
            Some(address) if !self.limits.lets_begin(address) => {
                Err(Refusal::TooMany("sign-ons from this address"))
            }
            _ => Ok(()),
        }
    }

    /// The account of a token, if it is the one that is claimed. It is a request of this account.
    pub(crate) async fn account(&self, token: &str, caller: &Caller) -> Result<Admitted, Refusal> {
        let found = self.desk.home().ledger.authenticate_token(token, self.desk.now()).await;
        let admitted = self.found(found, caller).await?;
        self.count(&admitted.account)?;
        let (reason, detail) = match &caller.claimed {
            // A token that an earlier version made: no policy would hinder whoever has it.
            _ if admitted.account.kind == PrincipalKind::LocalOwner => (OWNER, OWNER.to_owned()),
            Some(claimed) if claimed.name != admitted.account.name => {
                (STRANGER, format!("{STRANGER} than {:?}", claimed.name))
            }
            _ => return Ok(admitted),
        };
        self.count_failure(caller.address)?;
        let who = Actor::from(&admitted.account);
        Err(self.turned_away(who, caller.door, LOG_IN, detail, Refusal::Token(reason)).await)
    }

    /// The account of a token that was let in before, if it still holds.
    pub(crate) async fn again(&self, token: TokenHash, caller: &Caller) -> Result<Admitted, Refusal> {
        let found = self.desk.home().ledger.authenticate_token_hash(token, self.desk.now()).await;
        self.found(found, caller).await
    }

    /// The visit of an account, for a purpose.
    pub(crate) async fn visit(
        &self,
        admitted: Admitted,
        door: Door,
        purpose: &str,
    ) -> Result<Visit, Refusal> {
        let inside = |error| {
            tracing::error!(%error, "the policy in force could not be read");
            Refusal::Inside(error)
        };
        let policy = self.desk.policy().await.map_err(inside)?.policy;
        let is_known = policy.purposes().iter().any(|known| known.name == purpose);
        let purpose = purpose.to_owned();
        let refusal = if !is_known {
            let known: Vec<&str> = policy.purposes().iter().map(|known| known.name.as_str()).collect();
            Refusal::Purpose { known: known.join(", "), purpose: purpose.clone() }
        } else if !admitted.may_read(door, &purpose) {
            Refusal::Scope { door, purpose: purpose.clone() }
        } else {
            return Ok(Visit { account: admitted.account, token: Some(admitted.token.id), door, purpose });
        };
        let (who, detail) = (Actor::from(&admitted.account), refusal.to_string());
        Err(self.turned_away(who, door, &purpose, detail, refusal).await)
    }

    /// An account whose token is good for a door, where nothing is read for a purpose.
    pub(crate) async fn at_door(
        &self,
        admitted: Admitted,
        door: Door,
        purpose: &str,
    ) -> Result<Admitted, Refusal> {
        if admitted.token.token.scopes.doors.contains(&door) {
            return Ok(admitted);
        }
        let (who, refusal) = (Actor::from(&admitted.account), Refusal::Door(door));
        Err(self.turned_away(who, door, purpose, refusal.to_string(), refusal).await)
    }

    /// An account that somebody logged in to, and no program's token, whatever that is good for.
    pub(crate) async fn logged_in(
        &self,
        admitted: Admitted,
        door: Door,
        purpose: &str,
    ) -> Result<Admitted, Refusal> {
        if admitted.token.is_session() {
            return Ok(admitted);
        }
        let (who, refusal) = (Actor::from(&admitted.account), Refusal::NoSession);
        Err(self.turned_away(who, door, purpose, refusal.to_string(), refusal).await)
    }

    async fn found(
        &self,
        found: Result<(Account, Token), LedgerError>,
        caller: &Caller,
    ) -> Result<Admitted, Refusal> {
        match found {
            Ok((account, token)) => Ok(Admitted { account, token }),
            Err(LedgerError::NotAuthenticated(reason)) => {
                self.count_failure(caller.address)?;
                let nobody = || Actor { id: None, name: NOBODY.to_owned() };
                let who = caller.claimed.clone().unwrap_or_else(nobody);
                let refusal = Refusal::Token(reason);
                Err(self.turned_away(who, caller.door, LOG_IN, reason.to_owned(), refusal).await)
            }
            Err(error) => {
                tracing::error!(%error, "a token could not be looked up");
                Err(Refusal::Inside(error.into()))
            }
        }
    }

    /// Writes down that somebody is not let in.
    async fn turned_away(
        &self,
        who: Actor,
        door: Door,
        purpose: &str,
        detail: String,
        refusal: Refusal,
    ) -> Refusal {
        match self.desk.turn_away(who, door, purpose, format!("not admitted: {detail}")).await {
            Ok(()) => refusal,
            Err(error) => {
                tracing::error!(%error, "a refusal could not be written down");
                Refusal::Inside(error)
            }
        }
    }
}
