//! One connection: what its client says, a message at a time, and what it is told.
//!
//! The library's own loop goes on after a refusal that ends the connection, and waits for messages of a gigabyte from whom it does not
//! know. This one ends with the refusal, and knows of each message how long it is before it is heard.

use super::cancel::Cancellable;
use super::error::{fatal, refusal};
use super::identity::{Session, counted};
use super::patient::Patient;
use super::session::Prepared;
use super::startup::{PASSWORD_AWAITED, Startup};
use crate::admission::Admission;
use bytes::{Buf, BytesMut};
use futures::SinkExt;
use pgwire::api::cancel::DefaultCancelHandler;
use pgwire::api::{ClientInfo, NoopHandler, PgWireConnectionState};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::startup::MESSAGE_TYPE_BYTE_PASSWORD_MESSAGE_FAMILY;
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use pgwire::tokio::TlsAcceptor;
use pgwire::tokio::server::{
    MaybeTls, PgWireMessageServerCodec, negotiate_tls, process_error, process_message,
};
use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_util::codec::{Decoder, Framed, FramedParts};

/// Longest message before somebody is let in, as PostgreSQL has it (`MAX_STARTUP_PACKET_LENGTH`).
const MOST_BEFORE_LOG_IN: usize = 10_000;

/// How much is heard at once.
const AT_ONCE: usize = 8 << 10;

/// How long a client has to take the last word.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Types of messages that come in a series, which `Sync` ends: `Parse`, `Bind`, `Describe`, `Execute`, `Close`, `Flush` and `Sync`.
const OF_A_SERIES: &[u8] = b"PBDECHS";

/// Who answers in one conversation.
pub(super) struct Handlers {
    pub(super) admission: Arc<Admission>,
    pub(super) startup: Arc<Startup>,
    pub(super) queries: Arc<Cancellable>,
    pub(super) cancel: Arc<DefaultCancelHandler>,
    /// Longest message of whom was let in.
    pub(super) request_bytes: usize,
    /// How long who was let in may say nothing, and take nothing of what is said.
    pub(super) idle: Duration,
}

struct Conversation {
    socket: Framed<Patient<MaybeTls>, PgWireMessageServerCodec<Prepared>>,
    /// What was heard and is not a whole message yet. The socket's own buffer stays empty.
    heard: BytesMut,
    handlers: Handlers,
}

/// What comes first of a message.
struct Header {
    /// The type; the first message of a connection has none.
    kind: Option<u8>,
    /// Length of the whole message.
    bytes: usize,
}

/// What comes of hearing.
enum Heard {
    Message(PgWireFrontendMessage),
    /// One that is longer than a request may be; nothing of it was kept.
    TooLong {
        bytes: usize,
        is_of_a_series: bool,
    },
    /// The client says no more, or the server stops.
    Nothing,
}

/// Holds a conversation until its client ends it or is shown out. When `stop` comes no more is waited for, so that it ends as soon as
/// what was asked is answered.
pub(super) async fn hold(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    handlers: Handlers,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut stop = pin!(stop);
    let negotiated = tokio::select! {
        negotiated = negotiate_tls::<Prepared>(stream, acceptor) => negotiated?,
        () = stop.as_mut() => return Ok(()),
    };
    // Nothing where the client begins with TLS and the door has none.
    let Some(negotiated) = negotiated else { return Ok(()) };
    // What was said until now went out.
    let FramedParts { io, codec, read_buf: heard, .. } = negotiated.into_parts();
    let socket = Framed::new(Patient::new(io, handlers.idle), codec);
    Conversation { socket, heard, handlers }.go_on(stop).await
}

impl Conversation {
    async fn go_on(mut self, mut stop: Pin<&mut impl Future<Output = ()>>) -> io::Result<()> {
        if self.socket.is_secure() && !self.heard.is_empty() {
            // Somebody on the way could have put it there.
            let why = fatal("08P01", "what was said in the clear before TLS is not heard");
            return self.end(why.into()).await;
        }
        loop {
            let is_in = self.is_in();
            let heard = self.next(stop.as_mut()).await;
            let (is_of_a_series, answered) = match heard {
                Ok(Heard::Nothing | Heard::Message(PgWireFrontendMessage::Terminate(_))) => return Ok(()),
                Ok(Heard::Message(message @ PgWireFrontendMessage::CancelRequest(_))) => {
                    return self.answer(message).await.map_err(io::Error::from);
                }
                Ok(Heard::Message(message)) => (message.is_extended_query(), self.answer(message).await),
                Ok(Heard::TooLong { bytes, is_of_a_series }) => {
                    (is_of_a_series, Err(self.too_long(bytes).await))
                }
                Err(PgWireError::IoError(error)) => return Err(error),
                Err(error) => return self.end(error.into()).await,
            };
            let why = match answered {
                Ok(()) => continue,
                // Who does not take an answer takes no refusal either.
                Err(PgWireError::IoError(error)) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(error);
                }
                Err(error) => ErrorInfo::from(error),
            };
            if why.is_fatal() || !is_in {
                return self.end(why).await;
            }
            let error = PgWireError::UserError(Box::new(why));
            process_error(&mut self.socket, error, is_of_a_series).await?;
        }
    }

    /// Whether somebody was let in.
    fn is_in(&self) -> bool {
        !matches!(
            self.socket.state(),
            PgWireConnectionState::AwaitingSslRequest
                | PgWireConnectionState::AwaitingStartup
                | PgWireConnectionState::AuthenticationInProgress
        )
    }

    /// Hears the next message.
    async fn next(&mut self, mut stop: Pin<&mut impl Future<Output = ()>>) -> PgWireResult<Heard> {
        let has_kind = !matches!(self.socket.state(), PgWireConnectionState::AwaitingStartup);
        let is_in = self.is_in();
        loop {
            if let Some(Header { kind, bytes }) = Header::of(&self.heard, has_kind)? {
                if !is_in {
                    awaited(kind, bytes)?;
                } else if bytes > self.handlers.request_bytes {
                    if !self.pass_over(bytes, stop.as_mut()).await? {
                        return Ok(Heard::Nothing);
                    }
                    if matches!(self.socket.state(), PgWireConnectionState::AwaitingSync) {
                        // As everything else after an error, until the series ends.
                        continue;
                    }
                    let is_of_a_series = kind.is_some_and(|kind| OF_A_SERIES.contains(&kind));
                    return Ok(Heard::TooLong { bytes, is_of_a_series });
                }
                if self.heard.len() >= bytes {
                    return self.understood(bytes).map(Heard::Message);
                }
            }
            if !self.more(stop.as_mut()).await? {
                return Ok(Heard::Nothing);
            }
        }
    }

    /// Hears more; not when the client says no more, or when it is silent and the server stops. Who was let in is shown out after
    /// saying nothing for too long, as PostgreSQL does (`idle_session_timeout`); who was not has another limit.
    async fn more(&mut self, stop: Pin<&mut impl Future<Output = ()>>) -> PgWireResult<bool> {
        let (is_in, idle) = (self.is_in(), self.handlers.idle);
        self.heard.reserve(AT_ONCE);
        tokio::select! {
            biased;
            bytes = self.socket.get_mut().read_buf(&mut self.heard) => Ok(bytes? > 0),
            () = stop => Ok(false),
            () = tokio::time::sleep(idle), if is_in => {
                let seconds = idle.as_secs();
                let words = format!("nothing was said for {seconds} seconds; serve.idle_seconds is the most");
                Err(fatal("57P05", words))
            }
        }
    }

    /// Hears a message to its end and keeps nothing of it; not when its end does not come.
    async fn pass_over(
        &mut self,
        mut bytes: usize,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> PgWireResult<bool> {
        while self.heard.len() < bytes {
            bytes -= self.heard.len();
            self.heard.clear();
            if !self.more(stop.as_mut()).await? {
                return Ok(false);
            }
        }
        self.heard.advance(bytes);
        Ok(true)
    }

    /// The message of so many bytes that was heard.
    fn understood(&mut self, bytes: usize) -> PgWireResult<PgWireFrontendMessage> {
        let mut message = self.heard.split_to(bytes);
        match self.socket.codec_mut().decode(&mut message)? {
            Some(understood) if message.is_empty() => Ok(understood),
            _ => Err(fatal("08P01", "a message is not as long as it says")),
        }
    }

    async fn answer(&mut self, message: PgWireFrontendMessage) -> PgWireResult<()> {
        let Handlers { startup, queries, cancel, .. } = &self.handlers;
        let (startup, texts, prepared) = (Arc::clone(startup), Arc::clone(queries), Arc::clone(queries));
        let (copies, cancel) = (Arc::new(NoopHandler), Arc::clone(cancel));
        process_message(message, &mut self.socket, startup, texts, prepared, copies, cancel).await
    }

    /// Why a message that is too long is not answered.
    async fn too_long(&self, bytes: usize) -> PgWireError {
        let most = self.handlers.request_bytes;
        let words = format!("a request of {bytes} bytes; serve.request_bytes, the most, is {most}");
        self.count().await.err().unwrap_or_else(|| refusal("54000", words))
    }

    /// Counts a request of whoever was let in and still may be here.
    async fn count(&self) -> PgWireResult<()> {
        let visit = Session::visit(&self.handlers.admission, &self.socket).await?;
        counted(&self.handlers.admission, &visit)
    }

    /// Says why, and ends. What the client still says is thrown away for a moment: a connection that is closed over something unheard
    /// is reset, and the last word may be lost with it.
    async fn end(mut self, why: ErrorInfo) -> io::Result<()> {
        let last_word = async {
            self.socket.send(PgWireBackendMessage::ErrorResponse(why.into())).await?;
            self.socket.close().await?;
            let mut never = pin!(pending::<()>());
            self.heard.clear();
            while self.more(never.as_mut()).await? {
                self.heard.clear();
            }
            Ok::<(), io::Error>(())
        };
        tokio::time::timeout(LAST_WORD, last_word).await.unwrap_or(Ok(()))
    }
}

impl Header {
    /// That of the message at the beginning of what was heard, as soon as it is whole.
    fn of(heard: &[u8], has_kind: bool) -> PgWireResult<Option<Self>> {
        let (kind, rest) = heard.split_at_checked(usize::from(has_kind)).unwrap_or_default();
        let Some(length) = rest.first_chunk::<4>() else { return Ok(None) };
        // It counts itself, and not the type.
        let length = usize::try_from(i32::from_be_bytes(*length)).ok().filter(|length| *length >= 4);
        let length = length.ok_or_else(|| fatal("08P01", "a message has no such length"))?;
        Ok(Some(Self { kind: kind.first().copied(), bytes: kind.len() + length }))
    }
}

/// Refuses what nobody says who wants to come in.
fn awaited(kind: Option<u8>, bytes: usize) -> PgWireResult<()> {
    if kind.is_some_and(|kind| kind != MESSAGE_TYPE_BYTE_PASSWORD_MESSAGE_FAMILY) {
        return Err(fatal("08P01", PASSWORD_AWAITED));
    }
    if bytes > MOST_BEFORE_LOG_IN {
        let words =
            format!("a message of {bytes} bytes; before the log-in {MOST_BEFORE_LOG_IN} are the most");
        return Err(fatal("08P01", words));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(heard: &[u8], has_kind: bool) -> Option<(Option<u8>, usize)> {
        Header::of(heard, has_kind).unwrap().map(|header| (header.kind, header.bytes))
    }

    #[test]
    fn a_header_is_known_as_soon_as_it_is_whole() {
        assert_eq!(header(b"", true), None);
        assert_eq!(header(b"Q\0\0\x01", true), None);
        assert_eq!(header(b"Q\0\0\x01\x02", true), Some((Some(b'Q'), 259)));
        assert_eq!(header(b"\0\0\x01", false), None);
        assert_eq!(header(b"\0\0\x01\x02more", false), Some((None, 258)));
    }

    #[test]
    fn a_length_that_nothing_can_have_is_refused() {
        for length in [b"Q\0\0\0\x03", b"Q\xff\xff\xff\xff", b"Q\x80\0\0\0"] {
            assert!(Header::of(length, true).is_err(), "{length:?}");
        }
    }

    #[test]
    fn before_the_log_in_a_short_password_alone_is_awaited() {
        assert!(awaited(None, MOST_BEFORE_LOG_IN).is_ok());
        assert!(awaited(Some(b'p'), MOST_BEFORE_LOG_IN).is_ok());
        assert!(awaited(Some(b'p'), MOST_BEFORE_LOG_IN + 1).is_err());
        assert!(awaited(Some(b'Q'), 14).is_err());
    }
}
