//! Sign-ons that were begun and wait for the browser to come back from the provider.

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// How long the provider may take.
pub(super) const MINUTES: i64 = 10;
/// Sign-ons that wait at once; the oldest goes when one more begins.
const MOST: usize = 10_000;

/// A sign-on that was begun.
pub(super) struct Started {
    /// What the provider sends back with the browser.
    pub state: CsrfToken,
    /// What the provider puts into the ID token.
    pub nonce: Nonce,
    /// What proves to the provider that who has the code is who asked for it.
    pub verifier: PkceCodeVerifier,
    /// What the browser has in its cookie.
    pub browser: CsrfToken,
    /// When it was begun.
    pub at: DateTime<Utc>,
}

/// All that wait, the oldest first.
#[derive(Default)]
pub(super) struct Pending(Mutex<VecDeque<Started>>);

impl Pending {
    /// Keeps a sign-on until its browser comes back.
    pub(super) fn add(&self, started: Started) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(started);
    }

    /// The sign-on of this state and this browser, once and in time.
    pub(super) fn take(&self, state: &str, browser: &str, now: DateTime<Utc>) -> Option<Started> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| now - one.at < TimeDelta::minutes(MINUTES));
        let is_same = |one: &CsrfToken, other: &str| one.secret().as_bytes().ct_eq(other.as_bytes());
        let found = all
            .iter()
            .position(|one| bool::from(is_same(&one.state, state) & is_same(&one.browser, browser)))?;
        all.remove(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-29T12:00:00Z".parse().unwrap()
    }

    fn started(state: &str) -> Started {
        Started {
            state: CsrfToken::new(state.to_owned()),
            nonce: Nonce::new("n".to_owned()),
            verifier: PkceCodeVerifier::new("v".to_owned()),
            browser: CsrfToken::new(format!("browser of {state}")),
            at: now(),
        }
    }

    #[test]
    fn a_sign_on_comes_back_once_in_time_and_to_its_browser() {
        let pending = Pending::default();
        let later = |minutes| now() + TimeDelta::minutes(minutes);
        pending.add(started("a"));
        pending.add(started("b"));
        assert!(pending.take("a", "browser of b", now()).is_none(), "another browser");
        assert!(pending.take("c", "browser of a", now()).is_none(), "another state");
        assert!(pending.take("", "", now()).is_none());
        let found = pending.take("a", "browser of a", later(MINUTES - 1)).unwrap();
        assert_eq!(found.state.secret(), "a");
        assert!(pending.take("a", "browser of a", now()).is_none(), "once");
        assert!(pending.take("b", "browser of b", later(MINUTES)).is_none(), "too late");
    }

    #[test]
    fn the_oldest_goes_when_too_many_wait() {
        let pending = Pending::default();
        for number in 0..=MOST {
            pending.add(started(&number.to_string()));
        }
        assert!(pending.take("0", "browser of 0", now()).is_none());
        assert!(pending.take("1", "browser of 1", now()).is_some());
        assert_eq!(pending.0.lock().unwrap().len(), MOST - 1);
    }
}
