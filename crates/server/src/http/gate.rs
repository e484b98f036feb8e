//! Where connections come in over HTTP, each in its place. Requests are told of it, and of the seat that knows where it comes from.

use crate::place::Place;
use crate::places::Places;
use crate::seated::Seated;
use crate::strangers::Seat;
use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use std::future::{Future, ready};
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections have places.
pub struct Gate {
    listener: TcpListener,
    places: Places,
    log_in: Duration,
    silence: Duration,
}

impl Gate {
    /// A gate at a listener. A connection over which nobody is let in within a time is broken off, and one over which somebody was when
    /// it is silent for another.
    pub(super) fn new(listener: TcpListener, places: Places, log_in: Duration, silence: Duration) -> Self {
        Self { listener, places, log_in, silence }
    }
}

/// What the server takes for the address of a connection, and gives to requests.
#[derive(Debug, Clone)]
pub struct Guest {
    pub(super) seat: Seat,
    pub(super) place: Place,
}

impl Address for Guest {
    type Stream = Seated<TcpStream>;
    type Listener = Gate;
}

impl AddrListener<Seated<TcpStream>, Guest> for Gate {
    /// A guest is nothing to listen at.
    fn bind_to(_: Guest) -> impl Future<Output = io::Result<Self>> + Send {
        ready(Err(ErrorKind::Unsupported.into()))
    }

    async fn accept_stream(&self) -> io::Result<(Seated<TcpStream>, Guest)> {
        let seated = self.places.next_at_once(&self.listener).await.within(self.log_in, self.silence);
        let guest = Guest { seat: seated.seat().clone(), place: seated.place().clone() };
        Ok((seated, guest))
    }

    /// Who opens the door knows where it is.
    fn get_local_addr(&self) -> io::Result<Guest> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl Connected<Guest> for Guest {
    fn connect_info(guest: Guest) -> Self {
        guest
    }
}
