//! Places for connections, as many as configured, over all doors together. Beyond them a client waits to be let in, as behind
//! a full backlog, but at a door that answers at once: there it has a spare place.

use crate::place::Room;
use crate::seated::Seated;
use crate::strangers::{Seat, Strangers};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long it is waited after a connection could not be accepted, at first and at most: without, whoever has used up all descriptors
/// would use up the processor too.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// All places; clones share them.
#[derive(Debug, Clone)]
pub struct Places {
    room: Room,
    strangers: Arc<Strangers>,
}

impl Places {
    /// Places for so many connections at once, and for so many of one address over which nobody was let in yet.
    pub fn new(connections: usize, strangers_an_address: u32) -> Self {
        let strangers = Arc::new(Strangers::new(strangers_an_address));
        Self { room: Room::new(connections), strangers }
    }

    /// The next connection of a listener, as soon as there is a place for it. One waits; those behind it are not accepted, so that no
    /// more descriptors are taken than there are places.
    pub(crate) async fn next(&self, listener: &TcpListener) -> Seated<TcpStream> {
        let (stream, seat) = self.stranger(listener).await;
        Seated::new(stream, seat, self.room.place().await)
    }

    /// The same, in a spare place where all others are taken; of those there are few, and they too are waited for.
    pub(crate) async fn next_at_once(&self, listener: &TcpListener) -> Seated<TcpStream> {
        let (stream, seat) = self.stranger(listener).await;
        Seated::new(stream, seat, self.room.place_or_spare().await)
    }

    /// The next connection of a listener. Who has too many strangers is shown out at once and waits for nothing.
    async fn stranger(&self, listener: &TcpListener) -> (TcpStream, Seat) {
        loop {
            let (stream, peer) = accepted(listener).await;
            if let Some(seat) = self.strangers.seat(peer.ip()) {
                return (stream, seat);
            }
        }
    }
}

/// The next connection of a listener, which goes on whatever becomes of one.
async fn accepted(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let [first, longest] = PAUSES;
    let mut pause = first;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // A connection that is gone already, or no descriptor for it.
            Err(error) => {
                if pause == first {
                    tracing::warn!(%error, "a connection was not accepted; it is tried again until one is");
                }
                tokio::time::sleep(pause).await;
                pause = longest.min(pause * 2);
            }
        }
    }
}
