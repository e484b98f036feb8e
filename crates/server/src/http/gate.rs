//! Where connections come in over HTTP: each in its place, from which it is told where it comes from and that somebody was let in.

use crate::places::{Places, Seated};
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
}

impl Gate {
    /// A gate at a listener. A connection over which nobody is let in within a time is broken off.
    pub(super) fn new(listener: TcpListener, places: Places, log_in: Duration) -> Self {
        Self { listener, places, log_in }
    }
}

/// What the server takes for the address of a connection, and gives to requests.
impl Address for Seat {
    type Stream = Seated<TcpStream>;
    type Listener = Gate;
}

impl AddrListener<Seated<TcpStream>, Seat> for Gate {
    /// A seat is nothing to listen at.
    fn bind_to(_: Seat) -> impl Future<Output = io::Result<Self>> + Send {
        ready(Err(ErrorKind::Unsupported.into()))
    }

    async fn accept_stream(&self) -> io::Result<(Seated<TcpStream>, Seat)> {
        let seated = self.places.next(&self.listener).await.within(self.log_in);
        let seat = seated.seat().clone();
        Ok((seated, seat))
    }

    /// Who opens the door knows where it is.
    fn get_local_addr(&self) -> io::Result<Seat> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl Connected<Seat> for Seat {
    fn connect_info(seat: Seat) -> Self {
        seat
    }
}
