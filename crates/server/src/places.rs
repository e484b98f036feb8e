//! Places for connections, as many as configured, over all doors together. Beyond them a client waits to be let in, as behind
//! a full backlog.

use crate::strangers::{Seat, Strangers};
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tonic::transport::server::Connected;

/// How long it is waited after a connection could not be accepted, at first and at most: without, whoever has used up all descriptors
/// would use up the processor too.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// All places; clones share them.
#[derive(Debug, Clone)]
pub struct Places {
    free: Arc<Semaphore>,
    strangers: Arc<Strangers>,
}

/// A place that is taken until this is dropped. It is none only if no places are given any more, which nobody asks for.
pub(crate) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

/// A connection in its place.
pub struct Seated<S> {
    stream: S,
    seat: Seat,
    /// When it breaks off unless somebody was let in.
    until: Option<Pin<Box<Sleep>>>,
    place: Place,
}

impl Places {
    /// Places for so many connections at once, and for so many of one address over which nobody was let in yet.
    pub fn new(connections: usize, strangers_an_address: u32) -> Self {
        let strangers = Arc::new(Strangers::new(strangers_an_address));
        Self { free: Arc::new(Semaphore::new(connections)), strangers }
    }

    /// The next connection of a listener, as soon as there is a place for it. One waits; those behind it are not accepted, so that no
    /// more descriptors are taken than there are places. Who has too many strangers is shown out at once and waits for nothing.
    pub(crate) async fn next(&self, listener: &TcpListener) -> Seated<TcpStream> {
        loop {
            let (stream, peer) = accepted(listener).await;
            if let Some(seat) = self.strangers.seat(peer.ip()) {
                return self.seated(stream, seat).await;
            }
        }
    }

    async fn seated<S>(&self, stream: S, seat: Seat) -> Seated<S> {
        let place = Place { _permit: Arc::clone(&self.free).acquire_owned().await.ok() };
        Seated { stream, seat, until: None, place }
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

impl<S> Seated<S> {
    /// The same, which breaks off when nobody was let in within a time, so that nobody who is not known holds places.
    pub(crate) fn within(self, time: Duration) -> Self {
        Self { until: Some(Box::pin(tokio::time::sleep(time))), ..self }
    }

    /// The connection alone, for a door that looks at the time itself.
    pub(crate) fn into_parts(self) -> (S, Seat, Place) {
        (self.stream, self.seat, self.place)
    }

    /// What those who let people in are told.
    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        if self.seat.is_in() {
            self.until = None;
        }
        self.until.as_mut().is_some_and(|until| until.as_mut().poll(context).is_ready())
    }
}

impl<S: Unpin> Seated<S> {
    /// The connection, unless it is late. Whatever is waited for, the time is looked at: who reads nothing is not read from either.
    fn in_time(&mut self, context: &mut Context<'_>) -> io::Result<Pin<&mut S>> {
        if self.is_late(context) {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(Pin::new(&mut self.stream))
        }
    }
}

impl<S> Connected for Seated<S> {
    type ConnectInfo = Seat;

    fn connect_info(&self) -> Seat {
        self.seat.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Seated<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.in_time(context)?.poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Seated<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.in_time(context)?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.in_time(context)?.poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.in_time(context)?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{sleep, timeout};

    const TIME: Duration = Duration::from_millis(50);

    /// A connection that takes a byte and then waits until it is read, and its other end.
    async fn seated() -> (Seated<DuplexStream>, DuplexStream) {
        let places = Places::new(1, 1);
        let seat = places.strangers.seat(IpAddr::from([192, 0, 2, 1])).unwrap();
        let (near, far) = duplex(1);
        (places.seated(near, seat).await.within(TIME), far)
    }

    #[tokio::test]
    async fn who_reads_nothing_is_late_as_well() {
        let (mut seated, _far) = seated().await;
        let written = timeout(Duration::from_secs(10), seated.write_all(b"two"));
        assert_eq!(written.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        let flushed = timeout(Duration::from_secs(10), seated.flush());
        assert_eq!(flushed.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn over_which_somebody_was_let_in_stays() {
        let (mut seated, _far) = seated().await;
        seated.seat().let_in();
        sleep(TIME * 2).await;
        assert!(timeout(TIME * 2, seated.write_all(b"two")).await.is_err(), "it waits for its reader");
        seated.flush().await.unwrap();
    }
}
