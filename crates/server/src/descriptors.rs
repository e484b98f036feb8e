//! Descriptors of this process: connections and open files take them, and the system gives so many. Without one no file of the lake
//! opens, so there must be more than the places for connections can take.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors of one connection at most: over the protocol of PostgreSQL it is looked at beside as well, to see that its client is gone.
const OF_A_CONNECTION: u64 = 2;

/// Descriptors for everything else: files of the lake, of the ledger, and of what is sorted, and the few spare places of HTTP.
const OF_FILES: u64 = 1_024;

/// The system does not give as many descriptors as may be taken.
#[derive(Debug, thiserror::Error)]
#[error(
    "this process may have {given} descriptors, and serve.connections = {connections} may take {needed} together with open \
     files: raise the limit (ulimit -Hn, LimitNOFILE of systemd), or lower serve.connections"
)]
pub struct TooFewDescriptors {
    given: u64,
    needed: u64,
    connections: usize,
}

/// Takes as many descriptors as the system gives to who asks, where it gives fewer by itself.
///
/// # Errors
/// [`TooFewDescriptors`] when they are too few for so many connections; there are as many as there can be all the same.
pub fn take_descriptors(connections: usize) -> Result<(), TooFewDescriptors> {
    let limit = getrlimit(Resource::Nofile);
    // When it is refused, what there is has to do, and is looked at again.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    enough(getrlimit(Resource::Nofile).current, connections)
}

/// Whether a number of descriptors, none where there is no limit, is enough for so many connections.
fn enough(given: Option<u64>, connections: usize) -> Result<(), TooFewDescriptors> {
    let of_connections = u64::try_from(connections).unwrap_or(u64::MAX).saturating_mul(OF_A_CONNECTION);
    let needed = of_connections.saturating_add(OF_FILES);
    match given {
        Some(given) if given < needed => Err(TooFewDescriptors { given, needed, connections }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_descriptors_beside_all_connections() {
        assert!(enough(None, usize::MAX).is_ok());
        assert!(enough(Some(3_024), 1_000).is_ok());
        let told = enough(Some(3_023), 1_000).unwrap_err().to_string();
        assert!(told.contains("3023 descriptors") && told.contains("may take 3024"), "{told}");
    }
}
