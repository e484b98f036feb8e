//! Who a connection belongs to: who came in, asked again before every statement, since rights end while connections stay.

use super::error::{fatal, refusal};
use crate::admission::{Admission, Caller, Refusal};
use pgwire::api::ClientInfo;
use pgwire::error::{PgWireError, PgWireResult};
use std::net::IpAddr;
use tidegate_jobs::desk::Visit;
use tidegate_ledger::{Actor, Door, TokenHash};

/// Who came in over a connection. The token itself is not kept.
pub(super) struct Session {
    who: Actor,
    token: TokenHash,
    purpose: String,
}

impl Session {
    /// Lets in by user, token and purpose.
    pub(super) async fn begin(
        admission: &Admission,
        address: IpAddr,
        [user, purpose, token]: [&str; 3],
    ) -> PgWireResult<Self> {
        let refused = |reason: &str| fatal("28P01", format!("`{user}` is not admitted: {reason}"));
        let told = |why: Refusal| match why {
            Refusal::Token(reason) => refused(reason),
            Refusal::Purpose { .. } => fatal("3D000", format!("the database is the purpose: {why}")),
            Refusal::Scope { .. } | Refusal::Door(_) | Refusal::NoSession => fatal("28000", why.to_string()),
            Refusal::TooMany(_) => fatal("53400", why.to_string()),
            Refusal::Inside(_) => fatal("XX000", why.to_string()),
        };
        let claimed = Actor { id: None, name: user.to_owned() };
        let admitted = admission.account(token, &caller(address, claimed)).await.map_err(told)?;
        let visit = admission.visit(admitted, Door::Postgres, purpose).await.map_err(told)?;
        let token = TokenHash::of(token).ok_or_else(|| refused("this is no token"))?;
        Ok(Self { who: Actor::from(&visit.account), token, purpose: visit.purpose })
    }

    /// The visit of one statement, of an account as it is now. Who may not come in any more is shown out.
    pub(super) async fn visit<C: ClientInfo + Sync>(
        admission: &Admission,
        client: &C,
    ) -> PgWireResult<Visit> {
        let session = client.session_extensions().get::<Self>();
        let session = session.ok_or_else(|| fatal("28000", "nobody is logged in"))?;
        let caller = caller(client.socket_addr().ip(), session.who.clone());
        let name = &session.who.name;
        let told = |why: Refusal| match why {
            Refusal::Inside(_) => refusal("XX000", why.to_string()),
            _ => fatal("28000", format!("`{name}` is not admitted any more: {why}")),
        };
        let admitted = admission.again(session.token, &caller).await.map_err(told)?;
        admission.visit(admitted, Door::Postgres, &session.purpose).await.map_err(told)
    }
}

/// Counts a statement that goes to the desk, or a message that is too long to be heard; settings and transactions, which drivers send
/// on their own, are not counted.
pub(super) fn counted(admission: &Admission, visit: &Visit) -> Result<(), PgWireError> {
    admission.count(&visit.account).map_err(|why| refusal("53400", why.to_string()))
}

fn caller(address: IpAddr, who: Actor) -> Caller {
    Caller { door: Door::Postgres, address: Some(address), claimed: Some(who) }
}
