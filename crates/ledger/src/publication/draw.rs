//! The draw of a root and what becomes of a row: written from the description, apart from the code that decides.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::rules::ClosingRules;
use crate::{DrawParts, Lane, NewCommitment, Period, PeriodKey};

/// u of a root: the top 53 bits of HMAC-SHA256 (RFC 2104) under the key of the period over `select/v1`, period and
/// root, each behind its length as four big-endian bytes; over 2^53.
pub fn draw(key: &PeriodKey, period: Period, root: &str) -> f64 {
    // HMAC fills a shorter key with zeros to the block of the hash, 64 bytes.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key.expose());
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in ["select/v1", &period.to_string(), root] {
        mac.update(&(part.len() as u32).to_be_bytes());
        mac.update(part.as_bytes());
    }
    let digest = mac.finalize().into_bytes();
    let top = digest[..8].iter().fold(0_u64, |top, byte| top << 8 | u64::from(*byte));
    (top >> 11) as f64 / (1_u64 << 53) as f64
}

/// Part of p that a draw fell into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// A rule made it mandatory.
    Mandatory,
    /// What the law guarantees.
    Statutory,
    /// Chance alone.
    Floor,
    /// Chance that the score had no part in.
    Exploration,
    /// The score.
    Model,
    /// Above p.
    None,
}

impl Component {
    const ALL: [Self; 6] =
        [Self::Mandatory, Self::Statutory, Self::Floor, Self::Exploration, Self::Model, Self::None];

    /// The nested intervals of u: statutory, floor, exploration, model, each above the one before.
    fn of(parts: &DrawParts, draw: f64) -> Self {
        if parts.mandatory {
            Self::Mandatory
        } else if draw < parts.guaranteed {
            Self::Statutory
        } else if draw < parts.floor {
            Self::Floor
        } else if draw < parts.up_to_exploration() {
            Self::Exploration
        } else if draw < parts.probability {
            Self::Model
        } else {
            Self::None
        }
    }

    /// Its code in tables and files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Statutory => "statutory",
            Self::Floor => "floor",
            Self::Exploration => "exploration",
            Self::Model => "model",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a component; a component is mandatory, statutory, floor, exploration, model or none")]
pub struct ParseComponentError(String);

impl FromStr for Component {
    type Err = ParseComponentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|component| component.code() == text);
        known.ok_or_else(|| ParseComponentError(text.to_owned()))
    }
}

/// What came of a commitment.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "columns of the published file, each a fact of its own")]
pub struct Outcome {
    /// u.
    pub draw: f64,
    /// Cut of the ranks that the others leave it on the work list; no less than what keeps its pi of the lists before.
    pub tau: f64,
    /// pi: the lesser of p and w tau, and at least the protected part of p.
    pub realised_probability: f64,
    /// Part of p that the draw fell into.
    pub component: Component,
    /// Whether u is below p.
    pub is_candidate: bool,
    /// Whether it is on the work list.
    pub is_selected: bool,
    /// Whether it is protected and beyond the slots.
    pub is_queued: bool,
    /// What is done.
    pub lane: Lane,
    /// Whether the run that committed to it was interrupted, so that nothing came of it: see [`Outcome::ABANDONED`].
    pub is_abandoned: bool,
}

/// What a root is drawn with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance {
    /// u.
    pub draw: f64,
    /// p.
    pub probability: f64,
    /// w.
    pub weight: f64,
    /// The part of p that takes a slot before others and is never shed.
    pub protected: f64,
}

impl Chance {
    pub(super) fn is_protected(&self) -> bool {
        self.draw < self.protected
    }

    /// The cut at which pi is no less than it was on lists before.
    pub(super) fn cut_since(&self, tau: f64, realised_before: f64) -> f64 {
        // Without weight there was no chance before, and 0 / 0 is no cut.
        tau.max(realised_before / self.weight)
    }

    /// u / w of a candidate.
    pub(super) fn rank(&self) -> Option<f64> {
        (self.draw < self.probability).then(|| self.draw / self.weight)
    }
}

impl Outcome {
    /// What is published of a commitment whose run was interrupted before its close: its declaration was committed to
    /// again by a later run.
    pub const ABANDONED: Self = Self {
        draw: 0.0,
        tau: 1.0,
        realised_probability: 0.0,
        component: Component::None,
        is_candidate: false,
        is_selected: false,
        is_queued: false,
        lane: Lane::Green,
        is_abandoned: true,
    };

    /// What comes of a commitment about a root with this chance on a work list with this cut.
    pub(super) fn of(
        content: &NewCommitment,
        chance: Chance,
        (tau, is_queued): (f64, bool),
        rules: &ClosingRules,
    ) -> Self {
        let is_selected = chance.is_protected() || chance.rank().is_some_and(|rank| rank < tau);
        let realised_probability = chance.protected.max(chance.probability.min(chance.weight * tau));
        let is_drawn = is_selected && !content.parts.mandatory;
        let drawn = if is_drawn { rules.lane(chance.draw / realised_probability) } else { Lane::Green };
        Self {
            draw: chance.draw,
            tau,
            realised_probability,
            component: Component::of(&content.parts, chance.draw),
            is_candidate: chance.rank().is_some(),
            is_selected,
            is_queued,
            lane: drawn.max(content.least_lane),
            is_abandoned: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python: `hmac.digest(bytes(range(32)), b"\0\0\0\x09select/v1" b"\0\0\0\x072026-11" b"\0\0\0\x03R-1", "sha256")`
    #[test]
    fn a_draw_is_what_any_hmac_gives() {
        let key = PeriodKey::new(std::array::from_fn(|i| i as u8));
        assert_eq!(draw(&key, "2026-11".parse().unwrap(), "R-1").to_bits(), 0x3fbd_2aae_6a7e_8788);
    }
}
