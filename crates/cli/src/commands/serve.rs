//! `tidegate serve`.

use super::open;
use crate::arguments::{Arguments, Serve};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tidegate_jobs::desk::Desk;
use tidegate_jobs::{JobError, audit, random_bytes, sessions};
use tidegate_server::http::{self, Door, Setup, SignOn};
use tidegate_server::{Admission, Listening, Places, ServeError, Tls, flight, postgres, take_descriptors};
use tokio::sync::watch;

/// How long the end waits for what is under way before it signs the audit log without it.
const MOST_WAIT_UNSIGNED: Duration = Duration::from_secs(5);

pub async fn run(arguments: &Arguments, command: &Serve) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let has_tokens = !home.ledger.tokens().await?.is_empty();
    let setup =
        if sessions::is_new(&home).await? { Some(Setup::new(random_bytes()?, super::now())) } else { None };
    let configured = home.configuration.single_sign_on.as_ref();
    let sign_on = configured.map(|configured| SignOn::new(configured, home.root())).transpose();
    let sign_on = sign_on.map_err(|error| JobError::Missing(error.to_string()))?;
    let desk = Arc::new(Desk::new(home, Arc::new(super::now)));
    let tls = match (&command.tls_certificate, &command.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls { certificate: certificate.clone(), key: key.clone() }),
        _ => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (stop, stopped) = watch::channel(false);
    let until = |mut stopped: watch::Receiver<bool>| async move {
        // The sender is there until the end of this function.
        drop(stopped.wait_for(|stopped| *stopped).await);
    };
    let link = setup.as_ref().map(Setup::link);
    let admission = Arc::new(Admission::new(Arc::clone(&desk)));
    let door = Door::new(Arc::clone(&admission)).with_setup(setup).with_sign_on(sign_on);
    let places = places(&desk);
    let listening = |address| Listening { address, tls: tls.clone(), places: places.clone() };
    let is_json = arguments.json;
    let say = move |address| {
        let address = format!("{scheme}://{address}");
        say_http(is_json, &address, link.map(|link| format!("{address}{link}")).as_deref());
    };
    let over_http = http::serve(door, listening(command.http), say, until(stopped.clone()));
    let over_postgres = async {
        // HTTP is always served.
        let Some(address) = command.postgres else { return Ok::<_, ServeError>(()) };
        let how = "user is the person, password a token, database the purpose";
        let say = |address| say_door(is_json, ["postgres", "PostgreSQL"], address, how);
        postgres::serve(Arc::clone(&admission), listening(address), say, until(stopped.clone())).await
    };
    let over_flight = async {
        let Some(address) = command.flight else { return Ok::<_, ServeError>(()) };
        let how = "header x-tidegate-purpose is the purpose";
        let say = |address| say_door(is_json, ["flight", "Flight SQL"], address, how);
        flight::serve(Arc::clone(&admission), listening(address), say, until(stopped.clone())).await
    };
    if !is_json {
        say_how_to_go_on(has_tokens);
    }
    let serving = async {
        let served = tokio::try_join!(over_http, over_postgres, over_flight);
        served.map(drop)
    };
    tokio::pin!(serving);
    let outcome = tokio::select! {
        served = &mut serving => served,
        () = sign_often(&desk) => Ok(()),
        () = interrupted() => {
            // Fails only when nobody listens any more.
            let _ = stop.send(true);
            serving.await
        }
    };
    close(&desk).await;
    outcome.map_err(|error| JobError::Missing(error.to_string()))
}

/// Says where HTTP is served, and the link for the first account where there is none: for machines one object on a line, as for
/// every door.
fn say_http(is_json: bool, address: &str, first_account: Option<&str>) {
    if is_json {
        println!("{}", serde_json::json!({ "http": address, "first_account": first_account }));
        return;
    }
    println!("HTTP: {address}");
    if let Some(link) = first_account {
        println!("First account, within an hour: {link}");
    }
}

/// Says where another door is, and how one comes in.
fn say_door(is_json: bool, [key, name]: [&str; 2], address: SocketAddr, how: &str) {
    if is_json {
        println!("{}", serde_json::json!({ key: address.to_string() }));
    } else {
        println!("{name}: {address}; {how}");
    }
}

fn say_how_to_go_on(has_tokens: bool) {
    if !has_tokens {
        println!(
            "Nobody can come in yet. Make a person and a token, or open the link for the first account:"
        );
        println!("  tidegate people add NAME --role analyst --clearance general-3 --reason WHY");
        println!("  tidegate tokens create NAME --label \"my notebook\" --reason WHY");
    }
    println!("Ctrl-C stops it.");
}

/// Places for as many connections as configured. Too few descriptors for them are told and do not keep the doors shut.
fn places(desk: &Desk) -> Places {
    let serve = desk.home().configuration.serve;
    if let Err(too_few) = take_descriptors(serve.connections) {
        eprintln!("tidegate: {too_few}");
    }
    Places::new(serve.connections, serve.strangers_an_address)
}

/// Signs the audit log as often as configured.
async fn sign_often(desk: &Desk) {
    let every = Duration::from_secs(desk.home().configuration.serve.checkpoint_seconds);
    loop {
        tokio::time::sleep(every).await;
        sign(desk).await;
    }
}

/// Signs the audit log; a failure is told and does not stop the doors.
async fn sign(desk: &Desk) {
    if let Err(error) = audit::checkpoint(desk.home(), desk.now()).await {
        eprintln!("tidegate: the audit log was not signed: {error}");
    }
}

/// Waits for what is under way, and signs the audit log with its ends. A question over the whole chain may take longer than who stops the
/// program waits: then the rest is signed before.
async fn close(desk: &Desk) {
    if tokio::time::timeout(MOST_WAIT_UNSIGNED, desk.close()).await.is_err() {
        sign(desk).await;
        desk.close().await;
    }
    sign(desk).await;
}

/// Comes when the program is told to stop.
async fn interrupted() {
    let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        return drop(tokio::signal::ctrl_c().await);
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
