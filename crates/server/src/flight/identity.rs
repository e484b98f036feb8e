//! Who asks: the token and the purpose in the headers of a call.

use crate::admission::{Admission, Admitted, Caller, Refusal};
use crate::strangers::Seat;
use crate::unanswered::{Reason, Unanswered};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tidegate_jobs::desk::Visit;
use tidegate_ledger::{Actor, Door};
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Status};

/// Header of the purpose.
const PURPOSE: &str = "x-tidegate-purpose";

/// The visit that a call asks for by its headers. Each call is asked anew.
pub(super) async fn visit(
    admission: &Admission,
    headers: &MetadataMap,
    extensions: &Extensions,
) -> Result<Visit, Status> {
    let token = authorization(headers, "Bearer ")?;
    let purpose = headers.get(PURPOSE).and_then(|value| value.to_str().ok());
    let purpose = purpose.ok_or_else(|| {
        Status::invalid_argument(format!("say what the rows are read for, in the header {PURPOSE}"))
    })?;
    let admitted = account(admission, extensions, token, None).await?;
    admission.visit(admitted, Door::Flight, purpose).await.map_err(|refusal| refused(&refusal))
}

/// The token behind the name and password of a handshake.
pub(super) async fn handshake(
    admission: &Admission,
    headers: &MetadataMap,
    extensions: &Extensions,
) -> Result<String, Status> {
    let wrong = || Status::invalid_argument("the handshake has no name and token");
    let decoded = BASE64_STANDARD.decode(authorization(headers, "Basic ")?).map_err(|_| wrong())?;
    let decoded = String::from_utf8(decoded).map_err(|_| wrong())?;
    let (name, token) = decoded.split_once(':').ok_or_else(wrong)?;
    account(admission, extensions, token, Some(name)).await?;
    Ok(token.to_owned())
}

async fn account(
    admission: &Admission,
    extensions: &Extensions,
    token: &str,
    name: Option<&str>,
) -> Result<Admitted, Status> {
    let seat = extensions.get::<Seat>();
    let claimed = name.map(|name| Actor { id: None, name: name.to_owned() });
    let caller = Caller { door: Door::Flight, address: seat.map(Seat::address), claimed };
    let admitted = admission.account(token, &caller).await.map_err(|refusal| refused(&refusal))?;
    if let Some(seat) = seat {
        seat.let_in();
    }
    Ok(admitted)
}

fn authorization<'a>(headers: &'a MetadataMap, scheme: &str) -> Result<&'a str, Status> {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.strip_prefix(scheme))
        .ok_or_else(|| Status::unauthenticated(format!("send a token: authorization: {scheme}…")))
}

fn refused(refusal: &Refusal) -> Status {
    let message = refusal.to_string();
    match refusal {
        Refusal::Token(_) => Status::unauthenticated(message),
        Refusal::Purpose { .. } => Status::invalid_argument(message),
        Refusal::Scope { .. } | Refusal::Door(_) | Refusal::NoSession => Status::permission_denied(message),
        Refusal::TooMany(_) => Status::resource_exhausted(message),
        Refusal::Inside(_) => Status::internal(message),
    }
}

/// What a client is told when a statement is not answered.
pub(super) fn unanswered(why: impl Into<Unanswered>) -> Status {
    let Unanswered { reason, message } = why.into();
    match reason {
        Reason::Column | Reason::Statement => Status::invalid_argument(message),
        Reason::Change | Reason::NotPermitted => Status::permission_denied(message),
        Reason::TooMuch => Status::resource_exhausted(message),
        Reason::Inside => Status::internal(message),
    }
}
