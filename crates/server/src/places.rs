//! Places for connections, as many as configured, over all doors together. Beyond them a client waits to be let in, as behind
//! a full backlog.

use axum_server::accept::Accept;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tonic::transport::server::Connected;

/// All places; clones share them.
#[derive(Debug, Clone)]
pub struct Places(Arc<Semaphore>);

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
    _place: Place,
}

/// What those who let people in are told of a connection, and tell it.
#[derive(Debug, Clone, Default)]
pub struct Seat {
    address: Option<IpAddr>,
    is_in: Arc<AtomicBool>,
}

impl Seat {
    /// Where the connection comes from.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Somebody was let in over this connection, which may stay.
    pub(crate) fn let_in(&self) {
        self.is_in.store(true, Ordering::Relaxed);
    }
}

impl Places {
    /// Places for so many connections at once.
    pub fn new(connections: usize) -> Self {
        Self(Arc::new(Semaphore::new(connections)))
    }

    /// Takes a place, as soon as there is one.
    pub(crate) async fn take(&self) -> Place {
        Place { _permit: Arc::clone(&self.0).acquire_owned().await.ok() }
    }

    /// Gives a connection a place, as soon as there is one.
    pub(crate) async fn seat(&self, stream: TcpStream) -> Seated<TcpStream> {
        let address = stream.peer_addr().ok().map(|peer| peer.ip());
        let seat = Seat { address, ..Seat::default() };
        Seated { _place: self.take().await, stream, seat, until: None }
    }
}

impl<S> Seated<S> {
    /// The same, which breaks off when nobody was let in within a time, so that nobody who is not known holds places.
    pub(crate) fn within(self, time: Duration) -> Self {
        Self { until: Some(Box::pin(tokio::time::sleep(time))), ..self }
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        if self.seat.is_in.load(Ordering::Relaxed) {
            self.until = None;
        }
        self.until.as_mut().is_some_and(|until| until.as_mut().poll(context).is_ready())
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Places {
    type Stream = Seated<TcpStream>;
    type Service = S;
    type Future = BoxFuture<'static, io::Result<(Seated<TcpStream>, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let places = self.clone();
        async move { Ok((places.seat(stream).await, service)) }.boxed()
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
        if self.is_late(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Seated<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
