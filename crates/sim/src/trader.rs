//! What a trader usually imports, from whom and where: functions of the seed and the trader's number.

use crate::grade::Standing;
use crate::office::Mode;
use crate::random::{Purpose, Stream};
use crate::world::{World, standing};

/// Kinds of fraud a trader may prefer; the order of [`crate::fraud_kind::Kind::ALL`].
const KINDS: usize = 5;
/// Brokers follow a Zipf law.
const BROKER_ZIPF: f64 = 0.8;

/// A trader's habits.
#[derive(Debug, Clone)]
pub(crate) struct Trader {
    pub(crate) number: u64,
    pub(crate) standing: Standing,
    /// How much more than others it prefers each kind of fraud.
    pub(crate) preferences: [f64; KINDS],
    /// Size of its consignments against others of the same goods, as a logarithm.
    pub(crate) size: f64,
    /// What it imports, most frequent first.
    pub(crate) lines: Vec<Line>,
    /// Its office for goods of each mode, in the order of [`Mode::ALL`].
    pub(crate) offices: [usize; 4],
    /// Its usual broker and the second one.
    pub(crate) brokers: [u64; 2],
    /// Whether it has staff of its own that declares.
    pub(crate) self_declares: bool,
    /// Share of its trade that is processing of foreign materials.
    pub(crate) processing: f64,
    /// Whether special packaging of its goods is filed with customs.
    pub(crate) filed: bool,
}

/// One commodity that a trader imports, with where it buys it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) commodity: usize,
    pub(crate) partners: [usize; 3],
}

impl World {
    /// Habits of a trader.
    pub(crate) fn trader(&self, number: u64) -> Trader {
        let mut stream = Stream::pair(self.seed(), Purpose::TraderLine, 0, number);
        let size_rank = number as f64 / self.configuration.traders as f64;
        let largest = libm::pow(1.0 - size_rank, 12.0);
        let lines = 1 + (libm::log(1.0 - stream.unit()) * -(1.5 + 4.5 * largest)) as usize;
        let chapters = || self.catalogue.chapters.iter().map(|c| c.weight);
        let (main, second) = (stream.weighted(chapters()), stream.weighted(chapters()));
        let lines: Vec<Line> = (0..lines.min(24))
            .map(|_| {
                let chapter = if stream.coin(0.75) { main } else { second };
                self.line(chapter, &mut stream)
            })
            .collect();
        let electronic = lines.iter().any(|l| self.sensitive_to_opening(l.commodity));
        Trader {
            number,
            standing: standing(self.seed(), number, self.configuration.traders),
            preferences: [(); KINDS].map(|()| libm::exp(1.1 * stream.normal() - 0.6)),
            size: 0.45 * stream.normal() + 0.5 * largest,
            offices: Mode::ALL
                .map(|mode| stream.weighted(self.offices.iter().map(|o| o.weights[mode as usize]))),
            brokers: [self.broker(&mut stream), self.broker(&mut stream)],
            self_declares: stream.coin(0.04 + 0.4 * largest),
            processing: if stream.coin(0.22) { stream.between(0.2, 0.9) } else { 0.0 },
            filed: electronic && stream.coin(0.35 + 0.5 * largest),
            lines,
        }
    }

    fn line(&self, chapter: usize, stream: &mut Stream) -> Line {
        let chapter = &self.catalogue.chapters[chapter];
        let goods = &self.catalogue.commodities[chapter.commodities.clone()];
        let commodity = chapter.commodities.start + stream.weighted(goods.iter().map(|c| c.weight));
        let partners = [(); 3].map(|()| stream.weighted(chapter.origins.iter().copied()));
        Line { commodity, partners }
    }

    fn broker(&self, stream: &mut Stream) -> u64 {
        let brokers = self.configuration.brokers as f64;
        let power = 1.0 - BROKER_ZIPF;
        let rank =
            libm::pow(stream.unit() * (libm::pow(brokers + 1.0, power) - 1.0) + 1.0, 1.0 / power) - 1.0;
        (rank as u64).min(self.configuration.brokers - 1)
    }

    /// Whether goods are of the kind that dust, air or static harms: circuits, semiconductors, their machines.
    pub(crate) fn sensitive_to_opening(&self, commodity: usize) -> bool {
        matches!(self.catalogue.commodities[commodity].heading(), 8486 | 8534 | 8541 | 8542 | 9001 | 9013)
    }

    /// Carelessness of a broker and its tolerance of fraud: two standard normals.
    pub(crate) fn broker_temperament(&self, broker: u64) -> [f64; 2] {
        let mut stream = Stream::new(self.seed(), Purpose::Broker, broker);
        [stream.normal(), stream.normal()]
    }
}
