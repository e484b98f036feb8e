//! Declarations that their declarant corrects after acceptance: the first version carries a slip, the second not.

use crate::flaw::Declared;
use crate::random::{Purpose, Stream};
use crate::shipment::{Goods, Shipment};
use crate::world::World;
use chrono::{DateTime, TimeDelta, Utc};
use tidegate_records::model::{Amendment, Pointer};

/// A declaration in the two versions it came in.
#[derive(Debug, Clone)]
pub(crate) struct Amended {
    /// As first accepted, with a slip in one item.
    pub(crate) first: Shipment,
    /// Item that was corrected.
    pub(crate) item: usize,
    pub(crate) issued_at: DateTime<Utc>,
}

impl World {
    /// The slip that a declaration was first lodged with, when it is one of those amended. A declaration that was
    /// selected for inspection may not be amended, and nobody puts right what was not a slip.
    pub(crate) fn amended(&self, declared: &Declared) -> Option<Amended> {
        let mut stream = Stream::new(self.seed(), Purpose::Amendment, declared.shipment.serial);
        if declared.flaw.is_some() || !stream.coin(self.configuration.amendment_share) {
            return None;
        }
        let mut first = declared.shipment.clone();
        let item = stream.below(first.items.len());
        self.mistake(&mut first.items[item], &mut stream);
        let hours = stream.log_normal(30.0, 0.8).clamp(0.5, 700.0);
        let accepted_at = self.calendar.accepted_at(first.serial);
        Some(Amended { first, item, issued_at: accepted_at + TimeDelta::seconds((hours * 3_600.0) as i64) })
    }
}

impl Amended {
    /// The change as the second version states it.
    pub(crate) fn statement(&self) -> Amendment {
        let Goods { commodity, value, .. } = self.first.items[self.item].declared;
        let actual = self.first.items[self.item].actual;
        let (below, tag): (&[&str], &str) = if commodity != actual.commodity {
            (&["23A", "21A"], "145")
        } else if (value - actual.value).abs() > 1e-9 {
            (&[], "108")
        } else {
            (&["23A", "65A"], "128")
        };
        let step =
            |section: &str| Pointer { document_section_code: Some(section.into()), ..Pointer::default() };
        let mut pointer = vec![step("42A"), step("67A"), step("68A")];
        pointer[2].sequence_numeric = u32::try_from(self.item + 1).ok();
        pointer.extend(below.iter().map(|section| step(section)));
        if let Some(last) = pointer.last_mut() {
            last.tag_id = Some(tag.into());
        }
        Amendment { change_reason_code: Some("32".into()), pointer }
    }
}
