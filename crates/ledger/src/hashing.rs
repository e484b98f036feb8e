//! Room for hashing passwords, which takes memory and time on purpose: as many at once as there are cores, and so many log-ins that
//! wait. Somebody who is not known cannot make the machine hash more.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::LedgerError;

/// Log-ins that wait for a core at once. Each takes some hundredths of a second, so that who comes last waits for seconds.
const MAX_WAITING_LOG_INS: usize = 64;

/// The room of one handle of a ledger and its clones.
#[derive(Debug, Clone)]
pub(crate) struct Hashing {
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self::new(available_parallelism().map_or(1, usize::from), MAX_WAITING_LOG_INS)
    }
}

impl Hashing {
    fn new(cores: usize, waiting: usize) -> Self {
        Self { cores: Arc::new(Semaphore::new(cores)), waiting: Arc::new(Semaphore::new(waiting)) }
    }

    /// A core for somebody who is known, as soon as there is one.
    pub(crate) async fn core(&self) -> Result<Core, LedgerError> {
        let permit = Arc::clone(&self.cores).acquire_owned().await;
        permit.map(Core).map_err(|error| LedgerError::Hashing(error.to_string()))
    }

    /// A core for a log-in, which is refused where too many wait.
    pub(crate) async fn core_for_log_in(&self) -> Result<Core, LedgerError> {
        let _place = self.waiting.try_acquire().map_err(|_| LedgerError::TooManyLogIns)?;
        self.core().await
    }
}

/// A core that may hash.
#[derive(Debug)]
pub(crate) struct Core(OwnedSemaphorePermit);

impl Core {
    /// Hashes beside everything else. Work that nobody waits for any more goes on to its end, and keeps its core until then.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, LedgerError> {
        let run = spawn_blocking(move || {
            let done = work();
            drop(self.0);
            done
        });
        run.await.map_err(|error| LedgerError::Hashing(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::task::yield_now;

    #[tokio::test]
    async fn so_many_log_ins_wait_and_no_more() {
        let hashing = Hashing::new(1, 1);
        let held = hashing.core_for_log_in().await.unwrap();
        let other = hashing.clone();
        let waiting = tokio::spawn(async move { other.core_for_log_in().await.is_ok() });
        yield_now().await;
        let refused = hashing.core_for_log_in().await;
        assert!(matches!(refused, Err(LedgerError::TooManyLogIns)), "{refused:?}");
        drop(held);
        assert!(waiting.await.unwrap());
        hashing.core_for_log_in().await.unwrap();
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_core_until_its_end() {
        let hashing = Hashing::new(1, 1);
        let core = hashing.core().await.unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let given_up = tokio::spawn(core.run(move || ended.recv().is_ok()));
        yield_now().await;
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        assert_eq!(hashing.cores.available_permits(), 0);
        end.send(()).unwrap();
        hashing.core().await.unwrap();
    }
}
