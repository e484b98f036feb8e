//! A connection in its place. It breaks off when nobody is let in over it in time, or when nothing goes over it any more, so that
//! nobody holds a place for nothing.

use crate::place::Place;
use crate::strangers::Seat;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::transport::server::Connected;

/// How long a connection may have a spare place: enough to ask for something small and to be told.
const IN_A_SPARE_PLACE: Duration = Duration::from_secs(2);

/// A connection in its place.
pub struct Seated<S> {
    stream: S,
    seat: Seat,
    place: Place,
    limit: Option<Limit>,
}

/// By when a connection breaks off.
struct Limit {
    /// If its place is a spare one.
    spare: Instant,
    /// If nobody was let in.
    log_in: Instant,
    /// So long after something went over it, if somebody was.
    silence: Duration,
    /// When something last did.
    moved: Instant,
    /// That of them which holds.
    next: Pin<Box<Sleep>>,
}

impl<S> Seated<S> {
    /// A connection in its place, for as long as it likes.
    pub(crate) fn new(stream: S, seat: Seat, place: Place) -> Self {
        Self { stream, seat, place, limit: None }
    }

    /// The same, which breaks off when nobody was let in within a time, and when somebody was and it is silent for another.
    pub(crate) fn within(self, time: Duration, silence: Duration) -> Self {
        let moved = Instant::now();
        let (spare, log_in) = (moved + IN_A_SPARE_PLACE, moved + time);
        let next = Box::pin(sleep_until(log_in));
        Self { limit: Some(Limit { spare, log_in, silence, moved, next }), ..self }
    }

    /// The connection alone, for a door that looks at the time itself.
    pub(crate) fn into_parts(self) -> (S, Seat, Place) {
        (self.stream, self.seat, self.place)
    }

    /// What those who let people in are told.
    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Its place.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let Some(limit) = &mut self.limit else { return false };
        let until = match (self.place.is_spare(), self.seat.is_in()) {
            (true, _) => limit.spare,
            (false, false) => limit.log_in,
            (false, true) => limit.moved + limit.silence,
        };
        if limit.next.deadline() != until {
            limit.next.as_mut().reset(until);
        }
        limit.next.as_mut().poll(context).is_ready()
    }

    /// Takes note of it when something went over the connection.
    fn noted<T>(&mut self, moved: Poll<T>) -> Poll<T> {
        if moved.is_ready()
            && let Some(limit) = &mut self.limit
        {
            limit.moved = Instant::now();
        }
        moved
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
        let heard = self.in_time(context)?.poll_read(context, buffer);
        self.noted(heard)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Seated<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let told = self.in_time(context)?.poll_write(context, bytes);
        self.noted(told)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let told = self.in_time(context)?.poll_write_vectored(context, parts);
        self.noted(told)
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
    use crate::place::Room;
    use crate::strangers::Strangers;
    use std::net::IpAddr;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{sleep, timeout};

    const TIME: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_mins(1);

    /// A connection that takes a byte and then waits until it is read, and its other end.
    async fn seated() -> (Seated<DuplexStream>, DuplexStream) {
        in_place(Room::new(1).place().await, TIME, LONG)
    }

    fn in_place(place: Place, log_in: Duration, silence: Duration) -> (Seated<DuplexStream>, DuplexStream) {
        let seat = Arc::new(Strangers::new(1)).seat(IpAddr::from([192, 0, 2, 1])).unwrap();
        let (near, far) = duplex(1);
        (Seated::new(near, seat, place).within(log_in, silence), far)
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

    #[tokio::test]
    async fn over_which_nothing_goes_any_more_breaks_off() {
        let (mut seated, mut far) = in_place(Room::new(1).place().await, LONG, TIME * 10);
        seated.seat().let_in();
        for _ in 0..14 {
            sleep(TIME).await;
            far.write_u8(1).await.unwrap();
            assert_eq!(seated.read_u8().await.unwrap(), 1, "it is not silent");
        }
        let heard = timeout(Duration::from_secs(10), seated.read_u8());
        assert_eq!(heard.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        // Its reader takes a byte, and then nothing.
        let (mut seated, _far) = in_place(Room::new(1).place().await, LONG, TIME * 10);
        seated.seat().let_in();
        let told = timeout(Duration::from_secs(10), seated.write_all(b"two"));
        assert_eq!(told.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn in_a_spare_place_nobody_stays_who_says_nothing() {
        let room = Room::new(1);
        let taken = room.place().await;
        let (mut seated, _far) = in_place(room.place_or_spare().await, LONG, LONG);
        let heard = timeout(Duration::from_secs(10), seated.read_u8());
        assert_eq!(heard.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        let (mut seated, _far) = in_place(room.place_or_spare().await, LONG, LONG);
        drop(taken);
        assert!(seated.place().becomes_own().await);
        assert!(
            timeout(IN_A_SPARE_PLACE + TIME, seated.read_u8()).await.is_err(),
            "it has another place now"
        );
    }
}
