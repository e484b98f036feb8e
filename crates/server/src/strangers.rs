//! Strangers: connections over which nobody was let in yet. One address has so many of them at once, so that nobody who is not known
//! takes all places.

use crate::limits::{NETWORK_BITS, NETWORKS_OF_A_SITE, SITE_BITS, beginning};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an address is counted with: its beginning of so many bits. One of IPv4 stands for itself.
type Share = (IpAddr, u32);

/// How many there are, over all doors together.
#[derive(Debug)]
pub(crate) struct Strangers {
    /// Most of one address.
    most: u32,
    /// Of those who have any.
    counts: Mutex<HashMap<Share, u32>>,
    is_told: AtomicBool,
}

/// What those who let people in are told of a connection, and tell it.
#[derive(Debug, Clone)]
pub struct Seat(Arc<Standing>);

#[derive(Debug)]
struct Standing {
    address: IpAddr,
    is_in: AtomicBool,
    strangers: Arc<Strangers>,
}

impl Strangers {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, counts: Mutex::default(), is_told: AtomicBool::new(false) }
    }

    /// A seat for a connection from an address; none when it has as many as it may.
    pub(crate) fn seat(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        if !self.enter(address) {
            let most = self.most;
            if self.is_told.swap(true, Ordering::Relaxed) {
                tracing::debug!(%address, most, "a connection was closed");
            } else {
                tracing::warn!(
                    %address,
                    most,
                    "over so many connections from one address nobody was let in yet, so further ones are closed \
                     (serve.strangers_an_address); this is said once"
                );
            }
            return None;
        }
        let strangers = Arc::clone(self);
        Some(Seat(Arc::new(Standing { address, is_in: AtomicBool::new(false), strangers })))
    }

    fn enter(&self, address: IpAddr) -> bool {
        let mut counts = self.counts();
        let shares = shares(address);
        let most = [self.most, self.most.saturating_mul(NETWORKS_OF_A_SITE)];
        let is_free =
            shares.iter().zip(most).all(|(share, most)| counts.get(share).is_none_or(|count| *count < most));
        if is_free {
            for share in shares {
                *counts.entry(share).or_default() += 1;
            }
        }
        is_free
    }

    fn leave(&self, address: IpAddr) {
        let mut counts = self.counts();
        for share in shares(address) {
            if let Entry::Occupied(mut count) = counts.entry(share) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Share, u32>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its network and its site.
fn shares(address: IpAddr) -> [Share; 2] {
    [NETWORK_BITS, SITE_BITS].map(|bits| (beginning(address, bits), bits))
}

impl Seat {
    /// Where the connection comes from.
    pub(crate) fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Somebody was let in over this connection, which may stay.
    pub(crate) fn let_in(&self) {
        self.0.let_in();
    }

    /// Whether somebody was.
    pub(crate) fn is_in(&self) -> bool {
        self.0.is_in.load(Ordering::Relaxed)
    }
}

impl Standing {
    fn let_in(&self) {
        if !self.is_in.swap(true, Ordering::Relaxed) {
            self.strangers.leave(self.address);
        }
    }
}

impl Drop for Standing {
    /// Who is gone is no stranger either.
    fn drop(&mut self) {
        self.let_in();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_has_so_many_until_they_are_let_in_or_gone() {
        let strangers = Arc::new(Strangers::new(2));
        let seat = |text: &str| strangers.seat(address(text));
        let (first, second) = (seat("192.0.2.1").unwrap(), seat("::ffff:192.0.2.1").unwrap());
        assert!(seat("192.0.2.1").is_none());
        assert!(seat("192.0.2.2").is_some(), "another address");
        first.let_in();
        first.let_in();
        assert!(first.is_in() && !second.is_in());
        let third = seat("192.0.2.1").unwrap();
        assert!(seat("192.0.2.1").is_none(), "one was let in, and that counts once");
        drop(first);
        assert!(seat("192.0.2.1").is_none(), "who was let in leaves no room when gone");
        let again = second.clone();
        drop(second);
        assert!(seat("192.0.2.1").is_none(), "the connection is there as long as anybody knows of it");
        drop(again);
        let fourth = seat("192.0.2.1").unwrap();
        drop((third, fourth));
        assert!(strangers.counts().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let strangers = Arc::new(Strangers::new(1));
        let _held = strangers.seat(address("2001:db8:0:1::1")).unwrap();
        assert!(strangers.seat(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(strangers.seat(address("2001:db8:0:2::1")).is_some());
    }

    #[test]
    fn a_site_with_many_networks_has_as_many_as_a_few_of_them_may() {
        let strangers = Arc::new(Strangers::new(2));
        let seats = |site: &str| -> Vec<Seat> {
            let networks = (0..100).map(|network| address(&format!("{site}:{network:x}::1")));
            networks.filter_map(|network| strangers.seat(network)).collect()
        };
        let held = seats("2001:db8:0");
        assert_eq!((held.len(), seats("2001:db8:1").len()), (8, 8));
        assert!(seats("2001:db8:0").is_empty());
        drop(held);
        assert!(strangers.counts().is_empty());
    }
}
