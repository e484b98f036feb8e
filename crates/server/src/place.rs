//! A place for a connection. Who finds all taken may have a spare one instead, in which little is answered, and at once: a place of
//! its own comes to it when one becomes free.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Spare places, beside all others.
const SPARE: usize = 8;

/// So many of those who have one may wait for a place of their own, so that there are others for whom asks something else.
const WAITING: usize = SPARE / 2;

/// How long who has a spare place waits for one of its own.
const PATIENCE: Duration = Duration::from_secs(1);

/// All places; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    free: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A place that is taken as long as anybody knows of it; clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Place(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    room: Room,
    /// Absent where it is a spare one. It holds none only if no places are given any more, which nobody asks for.
    own: OnceLock<Option<OwnedSemaphorePermit>>,
    spare: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Room {
    /// So many places, and the spare ones.
    pub(crate) fn new(places: usize) -> Self {
        let [free, spare, waiting] =
            [places, SPARE, WAITING].map(|permits| Arc::new(Semaphore::new(permits)));
        Self { free, spare, waiting }
    }

    /// A place, as soon as there is one.
    pub(crate) async fn place(&self) -> Place {
        self.taken(OnceLock::from(self.own().await), None)
    }

    /// A place, or a spare one where all are taken.
    pub(crate) async fn place_or_spare(&self) -> Place {
        tokio::select! {
            biased;
            own = self.own() => self.taken(OnceLock::from(own), None),
            spare = Arc::clone(&self.spare).acquire_owned() => self.taken(OnceLock::new(), spare.ok()),
        }
    }

    /// Whoever has waited longest, at whatever door, has it first.
    async fn own(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    fn taken(
        &self,
        own: OnceLock<Option<OwnedSemaphorePermit>>,
        spare: Option<OwnedSemaphorePermit>,
    ) -> Place {
        Place(Arc::new(Taken { room: self.clone(), own, spare: Mutex::new(spare) }))
    }
}

impl Place {
    /// Whether it is a spare one.
    pub(crate) fn is_spare(&self) -> bool {
        self.0.own.get().is_none()
    }

    /// Exchanges a spare place for another; whether it is none now. It is one still where no other becomes free in a moment, or too
    /// many wait for it.
    pub(crate) async fn becomes_own(&self) -> bool {
        if !self.is_spare() {
            return true;
        }
        let room = &self.0.room;
        let Ok(_turn) = room.waiting.try_acquire() else { return false };
        let Ok(own) = timeout(PATIENCE, room.own()).await else { return false };
        // Where another request over the connection was given one meanwhile, this one is free again.
        drop(self.0.own.set(own));
        drop(self.spare().take());
        true
    }

    fn spare(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.0.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_all_taken_has_a_spare_place() {
        let room = Room::new(1);
        let first = room.place_or_spare().await;
        assert!(!first.is_spare() && first.becomes_own().await);
        let mut spare = Vec::new();
        for _ in 0..SPARE {
            spare.push(room.place_or_spare().await);
        }
        assert!(spare.iter().all(Place::is_spare));
        assert!(timeout(PATIENCE / 10, room.place_or_spare()).await.is_err(), "there are no more");
        spare.pop();
        assert!(room.place_or_spare().await.is_spare(), "one was given back");
    }

    #[tokio::test]
    async fn a_spare_place_is_exchanged_when_another_becomes_free() {
        let room = Room::new(1);
        let first = room.place_or_spare().await;
        let spare = room.place_or_spare().await;
        assert!(!spare.becomes_own().await && spare.is_spare(), "nobody goes");
        let (is_own, ()) = tokio::join!(spare.becomes_own(), async { drop(first) });
        assert!(is_own && !spare.is_spare());
        assert_eq!(room.spare.available_permits(), SPARE);
        assert!(room.place_or_spare().await.is_spare(), "the place is taken");
        drop(spare);
        assert!(!room.place_or_spare().await.is_spare());
    }

    #[tokio::test]
    async fn few_wait_and_the_others_are_told_at_once() {
        let room = Room::new(1);
        let _first = room.place_or_spare().await;
        let spare = room.place_or_spare().await;
        let waiting: Vec<_> = (0..WAITING).map(|_| spare.becomes_own()).collect();
        let told = timeout(PATIENCE / 10, spare.becomes_own());
        let (waited, told) = tokio::join!(futures::future::join_all(waiting), told);
        assert_eq!(told, Ok(false));
        assert_eq!(waited, [false; WAITING]);
    }
}
