//! A connection that waits so long for its reader and no longer: who does not take what is said holds no place for it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A connection that breaks off when nothing is taken of what waits to go out.
pub(super) struct Patient<S> {
    stream: S,
    patience: Duration,
    /// When the patience is over, while something waits.
    over: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// A connection that waits so long each time.
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, over: None }
    }

    /// What came of telling something, unless it waits for too long.
    fn in_time<T>(&mut self, told: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if told.is_ready() {
            self.over = None;
            return told;
        }
        let over = self.over.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        over.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let told = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(told, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let told = Pin::new(&mut self.stream).poll_flush(context);
        self.in_time(told, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let told = Pin::new(&mut self.stream).poll_shutdown(context);
        self.in_time(told, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    const TIME: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn who_takes_nothing_is_waited_for_no_longer() {
        let (near, _far) = duplex(1);
        let mut patient = Patient::new(near, TIME);
        for _ in 0..2 {
            let told = timeout(LONG, patient.write_all(b"two"));
            assert_eq!(told.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
    }

    #[tokio::test]
    async fn who_takes_something_in_time_is_waited_for_again() {
        let (near, mut far) = duplex(1);
        let mut patient = Patient::new(near, TIME * 10);
        let slow = async {
            for _ in 0..4 {
                sleep(TIME * 5).await;
                far.read_u8().await.unwrap();
            }
        };
        let (told, ()) = tokio::join!(patient.write_all(b"slow!"), slow);
        told.unwrap();
        // Where nothing waits, nobody is.
        sleep(TIME * 12).await;
        far.read_u8().await.unwrap();
        patient.write_all(b"1").await.unwrap();
    }
}
