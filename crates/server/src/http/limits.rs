//! How often one may ask.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use tidegate_ledger::PrincipalId;

/// Requests of a principal, and failed log-ins of an address, within a minute.
pub(super) struct RateLimits {
    requests: DefaultKeyedRateLimiter<PrincipalId>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
}

impl RateLimits {
    pub(super) fn new(requests_a_minute: u32, failures_a_minute: u32) -> Self {
        let quota = |each| Quota::per_minute(NonZeroU32::new(each).unwrap_or(NonZeroU32::MIN));
        Self {
            requests: RateLimiter::keyed(quota(requests_a_minute)),
            failures: RateLimiter::keyed(quota(failures_a_minute)),
        }
    }

    /// Counts a request; false when it is one too many.
    pub(super) fn admits(&self, principal: PrincipalId) -> bool {
        self.requests.check_key(&principal).is_ok()
    }

    /// Counts a failed log-in; false when it is one too many.
    pub(super) fn forgives(&self, address: IpAddr) -> bool {
        self.failures.check_key(&address).is_ok()
    }

    /// Forgets whom nothing is counted of any more.
    pub(super) fn tidy(&self) {
        self.requests.retain_recent();
        self.failures.retain_recent();
    }
}
