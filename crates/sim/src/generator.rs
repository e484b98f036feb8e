//! The way in: a configuration becomes a country, the country gives chunks, on one thread or many.

use crate::chunk::{CHUNK_DECLARATIONS, Chunk};
use crate::configuration::Configuration;
use crate::error::SimulationError;
use crate::world::World;
use arrow::array::RecordBatch;
use std::sync::mpsc::sync_channel;

/// Pieces of each thread that may wait to be delivered.
const AHEAD: usize = 2;

/// A simulated country and year.
#[derive(Debug)]
pub struct Generator {
    pub(crate) world: World,
}

impl Generator {
    /// Builds the country: some microseconds for each trader, one byte of memory for each.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn new(configuration: Configuration) -> Result<Self, SimulationError> {
        Ok(Self { world: World::new(configuration)? })
    }

    /// The configuration it was built from.
    pub fn configuration(&self) -> &Configuration {
        &self.world.configuration
    }

    /// Number of chunks of the year.
    pub fn chunk_count(&self) -> u64 {
        self.configuration().declarations.div_ceil(CHUNK_DECLARATIONS)
    }

    /// One chunk, a function of the configuration and the number alone; empty past the end of the year.
    ///
    /// # Errors
    /// When a record does not fit its table, which would be a mistake of this crate.
    pub fn chunk(&self, number: u64) -> Result<Chunk, SimulationError> {
        self.world.chunk(number)
    }

    /// All chunks in order.
    pub fn chunks(&self) -> impl Iterator<Item = Result<Chunk, SimulationError>> + '_ {
        (0..self.chunk_count()).map(|number| self.chunk(number))
    }

    /// Batches of `records::tables::ENTERPRISE`: every enterprise with its grades and the days they took effect.
    pub fn enterprises(&self) -> impl Iterator<Item = Result<RecordBatch, SimulationError>> + '_ {
        self.world.enterprises()
    }

    /// Batches of `records::tables::SPECIAL_FILING`: what traders filed about goods that cannot be opened at the port.
    ///
    /// # Errors
    /// When a record does not fit its table, which would be a mistake of this crate.
    pub fn filings(&self) -> Result<Vec<RecordBatch>, SimulationError> {
        self.world.filings()
    }

    /// Generates on several threads and delivers the chunks in order; at most two a thread wait to be delivered.
    ///
    /// # Errors
    /// The first error of a chunk or of `deliver`; nothing is delivered after it.
    pub fn deliver<E: From<SimulationError>>(
        &self,
        threads: usize,
        deliver: impl FnMut(Chunk) -> Result<(), E>,
    ) -> Result<(), E> {
        in_order(self.chunk_count(), threads, |number| self.chunk(number), deliver)
    }
}

/// Makes the pieces of all numbers on several threads and delivers them in order.
pub(crate) fn in_order<T: Send, E: From<SimulationError>>(
    count: u64,
    threads: usize,
    make: impl Fn(u64) -> Result<T, SimulationError> + Sync,
    mut deliver: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (threads, make) = (threads.max(1), &make);
    std::thread::scope(|scope| {
        // Thread t makes the pieces t, t + threads, and so on; the queues are emptied in turn.
        let queues: Vec<_> = (0..threads as u64)
            .map(|first| {
                let (sender, queue) = sync_channel(AHEAD);
                scope.spawn(move || {
                    for number in (first..count).step_by(threads) {
                        // A receiver that is gone has seen an error; there is nobody left to work for.
                        if sender.send(make(number)).is_err() {
                            return;
                        }
                    }
                });
                queue
            })
            .collect();
        for number in 0..count {
            let piece = queues[(number % threads as u64) as usize].recv();
            deliver(piece.map_err(|_| SimulationError::ThreadEnded(number))??)?;
        }
        Ok(())
    })
}

/// Generates the chunks of a configuration on several threads and delivers them in order.
///
/// # Errors
/// When a setting is out of range, and as [`Generator::deliver`].
pub fn generate<E: From<SimulationError>>(
    configuration: &Configuration,
    threads: usize,
    deliver: impl FnMut(Chunk) -> Result<(), E>,
) -> Result<(), E> {
    Generator::new(configuration.clone())?.deliver(threads, deliver)
}
