//! How often one may ask, over all doors together.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use tidegate_ledger::PrincipalId;

/// The network in an address of IPv6; a machine chooses the other half as it likes (RFC 4291, section 2.5.1).
const NETWORK: u128 = !0 << 64;

/// Requests of a principal, and failed log-ins of an address, within a minute.
pub(crate) struct RateLimits {
    requests: DefaultKeyedRateLimiter<PrincipalId>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
}

impl RateLimits {
    pub(crate) fn new(requests_a_minute: u32, failures_a_minute: u32) -> Self {
        let quota = |each| Quota::per_minute(NonZeroU32::new(each).unwrap_or(NonZeroU32::MIN));
        Self {
            requests: RateLimiter::keyed(quota(requests_a_minute)),
            failures: RateLimiter::keyed(quota(failures_a_minute)),
        }
    }

    /// Counts a request; false when it is one too many.
    pub(crate) fn admits(&self, principal: PrincipalId) -> bool {
        self.requests.check_key(&principal).is_ok()
    }

    /// Counts a failed log-in; false when it is one too many.
    pub(crate) fn forgives(&self, address: IpAddr) -> bool {
        self.failures.check_key(&network(address)).is_ok()
    }

    /// Forgets whom nothing is counted of any more.
    pub(crate) fn tidy(&self) {
        self.requests.retain_recent();
        self.failures.retain_recent();
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_for_each_address_and_for_networks_of_ipv6() {
        let limits = RateLimits::new(1, 2);
        let forgives = |address: &str| limits.forgives(address.parse().unwrap());
        assert!(forgives("192.0.2.1") && forgives("::ffff:192.0.2.1"));
        assert!(!forgives("192.0.2.1"), "the same address in both forms");
        assert!(forgives("192.0.2.2"));
        assert!(forgives("2001:db8:0:1::1") && forgives("2001:db8:0:1:ffff::2"));
        assert!(!forgives("2001:db8:0:1::3") && forgives("2001:db8:0:2::1"));
    }
}
