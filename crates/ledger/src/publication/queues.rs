//! Who waits from one work list of an office to the next.

use std::collections::BTreeMap;

use super::fault::RowFault;

/// What a list says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    /// Which of the lists of the office it is.
    pub number: u64,
    /// Who waits before it.
    pub waiting: u32,
}

/// The last list of an office.
#[derive(Debug)]
struct Last {
    close: u64,
    number: u64,
    /// Who waits now; none when it does not follow from what is here.
    waiting: Option<usize>,
}

/// The queues of all offices.
#[derive(Debug, Default)]
pub(super) struct Queues<'a> {
    last: BTreeMap<&'a str, Last>,
    close: u64,
    /// The last close before which one is missing.
    gap: u64,
    /// Lists of which it is taken as said who waits before them.
    pub said: u64,
}

impl<'a> Queues<'a> {
    /// Goes on to a close, in which an office where some wait serves so many as `serve` says; none when it does not follow.
    pub(super) fn begin(&mut self, close: u64, mut serve: impl FnMut(&'a str, usize) -> Option<usize>) {
        if close != self.close + 1 {
            self.gap = close;
        }
        self.close = close;
        for (office, last) in &mut self.last {
            if let Some(waiting) = last.waiting {
                last.waiting = serve(office, waiting).map(|served| waiting - served);
            }
        }
    }

    /// Whether a close before this one is missing.
    pub(super) fn has_gap(&self) -> bool {
        self.gap > 0
    }

    /// Checks what the next list of an office says. The first of all has nobody before it; another one follows the one
    /// before, if that and every close since then are here.
    pub(super) fn check(&mut self, office: &str, close: u64, said: Said) -> Result<(), RowFault> {
        let Said { number, waiting } = said;
        let wrong = |expected| Err(RowFault::Waiting { number, waiting, expected });
        let last = self.last.get(office);
        if number == 1 && last.is_none() {
            return if waiting == 0 { Ok(()) } else { wrong("number 1 with 0".to_owned()) };
        }
        let before = last.map_or(0, |last| last.number);
        if number <= before {
            return wrong(format!("above {before}"));
        }
        let follows =
            |last: &&Last| last.number + 1 == number && self.gap <= last.close && last.close < close;
        match last.filter(follows).and_then(|last| last.waiting) {
            None => self.said += 1,
            Some(expected) if expected == waiting as usize => {}
            Some(expected) => return wrong(format!("number {number} with {expected}")),
        }
        Ok(())
    }

    /// Keeps who waits after a list.
    pub(super) fn end(&mut self, office: &'a str, close: u64, said: Said, waiting: Option<usize>) {
        self.last.insert(office, Last { close, number: said.number, waiting });
    }
}
