//! How often one may ask, over all doors together, and how long one may be silent.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;
use tidegate_jobs::Configuration;
use tidegate_ledger::PrincipalId;

/// Bits of the network in an address of IPv6; a machine chooses the other half as it likes (RFC 4291, section 2.5.1).
pub(crate) const NETWORK_BITS: u32 = 64;
/// Bits of a site, which has as many networks as it likes (RFC 6177).
pub(crate) const SITE_BITS: u32 = 48;
/// So many networks of a site together may do what each of them may.
pub(crate) const NETWORKS_OF_A_SITE: u32 = 4;
/// So many sign-ons may begin for each log-in that may fail: they guess nothing, and a whole office may stand behind one address.
const SIGN_ONS_FOR_EACH_FAILURE: u32 = 6;

/// Beside the time of a query: for its place among the queries of its reader, and for what is asked of the ledger.
const BESIDE_A_QUERY: u64 = 2;

/// How long nothing may go over a connection over which somebody was let in, where it is not known what its client waits for: a query
/// is silent while it is planned, and again until its first rows.
pub(crate) fn silence(configuration: &Configuration) -> Duration {
    let of_a_query = configuration.reading.seconds * 2 + BESIDE_A_QUERY;
    Duration::from_secs(configuration.serve.idle_seconds.max(of_a_query))
}

/// Requests of a principal, and failed log-ins and sign-ons begun of an address, within a minute.
pub(crate) struct RateLimits {
    requests: DefaultKeyedRateLimiter<PrincipalId>,
    failures: OfAddresses,
    sign_ons: OfAddresses,
}

impl RateLimits {
    pub(crate) fn new(requests_a_minute: u32, failures_a_minute: u32) -> Self {
        Self {
            requests: RateLimiter::keyed(quota(requests_a_minute)),
            failures: OfAddresses::new(failures_a_minute),
            sign_ons: OfAddresses::new(failures_a_minute.saturating_mul(SIGN_ONS_FOR_EACH_FAILURE)),
        }
    }

    /// Counts a request; false when it is one too many.
    pub(crate) fn admits(&self, principal: PrincipalId) -> bool {
        self.requests.check_key(&principal).is_ok()
    }

    /// Counts a failed log-in; false when it is one too many.
    pub(crate) fn forgives(&self, address: IpAddr) -> bool {
        self.failures.admits(address)
    }

    /// Counts a sign-on that is begun; false when it is one too many.
    pub(crate) fn lets_begin(&self, address: IpAddr) -> bool {
        self.sign_ons.admits(address)
    }

    /// Forgets whom nothing is counted of any more.
    pub(crate) fn tidy(&self) {
        self.requests.retain_recent();
        self.failures.tidy();
        self.sign_ons.tidy();
    }
}

/// What is counted of addresses: of each of IPv4, and of networks and sites of IPv6.
struct OfAddresses {
    networks: DefaultKeyedRateLimiter<IpAddr>,
    /// An address of IPv4 stands for itself here too, and never comes to this limit before the other.
    sites: DefaultKeyedRateLimiter<IpAddr>,
}

impl OfAddresses {
    fn new(each_a_minute: u32) -> Self {
        let of_a_site = each_a_minute.saturating_mul(NETWORKS_OF_A_SITE);
        Self {
            networks: RateLimiter::keyed(quota(each_a_minute)),
            sites: RateLimiter::keyed(quota(of_a_site)),
        }
    }

    fn admits(&self, address: IpAddr) -> bool {
        self.networks.check_key(&beginning(address, NETWORK_BITS)).is_ok()
            && self.sites.check_key(&beginning(address, SITE_BITS)).is_ok()
    }

    fn tidy(&self) {
        self.networks.retain_recent();
        self.sites.retain_recent();
    }
}

fn quota(each_a_minute: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(each_a_minute).unwrap_or(NonZeroU32::MIN))
}

/// The first bits of an address of IPv6, the rest zero; one of IPv4 as it is.
pub(crate) fn beginning(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits))).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn failures_are_counted_for_each_address_and_for_networks_of_ipv6() {
        let limits = RateLimits::new(1, 2);
        let forgives = |text: &str| limits.forgives(address(text));
        assert!(forgives("192.0.2.1") && forgives("::ffff:192.0.2.1"));
        assert!(!forgives("192.0.2.1"), "the same address in both forms");
        assert!(forgives("192.0.2.2"));
        assert!(forgives("2001:db8:0:1::1") && forgives("2001:db8:0:1:ffff::2"));
        assert!(!forgives("2001:db8:0:1::3") && forgives("2001:db8:0:2::1"));
    }

    #[test]
    fn a_site_with_many_networks_fails_as_often_as_a_few_of_them_may() {
        let limits = RateLimits::new(1, 2);
        let fails = |site: &str| {
            let networks = (0..100).map(|network| address(&format!("{site}:{network:x}::1")));
            networks.filter(|network| limits.forgives(*network)).count()
        };
        assert_eq!(fails("2001:db8:0"), 8);
        assert_eq!(fails("2001:db8:1"), 8, "another site");
    }

    #[test]
    fn a_query_may_be_silent_whatever_is_configured() {
        let mut configuration = Configuration::default();
        assert_eq!(silence(&configuration), Duration::from_hours(1));
        configuration.serve.idle_seconds = 1;
        assert_eq!(silence(&configuration), Duration::from_secs(602));
    }

    #[test]
    fn sign_ons_that_begin_are_no_failures() {
        let limits = RateLimits::new(1, 2);
        let here = address("192.0.2.1");
        assert_eq!((0..20).filter(|_| limits.lets_begin(here)).count(), 12);
        assert!(limits.forgives(here) && limits.forgives(here) && !limits.forgives(here));
    }
}
