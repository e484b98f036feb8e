//! The goods: chapters and subheadings with their duty rates, price levels, masses, units and origins.

use crate::embedded::{number, rows};
use crate::error::SimulationError;
use crate::partner::Partner;
use crate::random::{Purpose, Stream};
use std::collections::BTreeMap;
use std::ops::Range;

const CHAPTERS: &str = "data/chapters.csv";
const COMMODITIES: &str = "data/commodities.csv";
/// Exponent of the Zipf law of subheadings within their chapter.
const ZIPF: f64 = 0.9;
/// Share of a chapter's trade that comes from the origins named for it.
const NAMED_ORIGINS: f64 = 0.8;
/// Headings under an anti-dumping measure against one origin.
const MEASURES: usize = 16;
/// Chapters such measures usually concern.
const MEASURED_CHAPTERS: [&str; 12] =
    ["29", "39", "40", "48", "54", "64", "69", "70", "72", "73", "76", "85"];

/// One chapter of the Harmonized System.
#[derive(Debug)]
pub(crate) struct Chapter {
    pub(crate) code: &'static str,
    pub(crate) weight: f64,
    /// UN/ECE Rec 20 unit of the supplementary quantity.
    pub(crate) unit: Option<&'static str>,
    /// Median mass of a goods item, kg.
    pub(crate) item_mass: f64,
    /// Share carried by air.
    pub(crate) air: f64,
    /// UN/ECE Rec 21 kinds of package.
    pub(crate) packages: Vec<&'static str>,
    /// Weight of each partner.
    pub(crate) origins: Vec<f64>,
    /// Its subheadings.
    pub(crate) commodities: Range<usize>,
}

/// One subheading.
#[derive(Debug)]
pub(crate) struct Commodity {
    pub(crate) hs6: &'static str,
    pub(crate) description: &'static str,
    pub(crate) chapter: usize,
    /// Weight within its chapter.
    pub(crate) weight: f64,
    /// Most-favoured-nation duty, percent.
    pub(crate) rate: f64,
    /// Logarithm of the median price of a kilogram, in CNY.
    pub(crate) price: f64,
    /// Median mass of one unit, kg.
    pub(crate) unit_mass: f64,
    /// How much it attracts fraud: standard normal.
    pub(crate) temptation: f64,
    /// Subheadings of the same or a near heading with a duty at least three points lower.
    pub(crate) cheaper: Vec<usize>,
}

impl Commodity {
    /// First four digits as a number.
    pub(crate) fn heading(&self) -> u16 {
        self.hs6.get(..4).and_then(|h| h.parse().ok()).unwrap_or_default()
    }
}

/// All goods.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) commodities: Vec<Commodity>,
    /// Additional duty in percent on a heading from a partner.
    pub(crate) measures: BTreeMap<(u16, usize), f64>,
}

impl Catalogue {
    pub(crate) fn new(seed: u64, partners: &[Partner]) -> Result<Self, SimulationError> {
        let mut chapters = Vec::new();
        let mut commodities = Vec::new();
        let described = rows(COMMODITIES, include_str!("../data/commodities.csv"), 2)?;
        for row in rows(CHAPTERS, include_str!("../data/chapters.csv"), 12)? {
            let start = commodities.len();
            let of_chapter = described.iter().filter(|d| d[0].starts_with(row[0]));
            for (position, described) in of_chapter.enumerate() {
                let mut stream = Stream::new(seed, Purpose::Commodity, (start + position) as u64);
                commodities.push(commodity(&row, chapters.len(), described, &mut stream)?);
            }
            chapters.push(chapter(&row, partners, start..commodities.len())?);
        }
        rank(seed, &chapters, &mut commodities);
        for index in 0..commodities.len() {
            commodities[index].cheaper = cheaper(&commodities, index);
        }
        let measures = measures(seed, partners, &chapters, &commodities);
        Ok(Self { chapters, commodities, measures })
    }

    /// Chapter of a subheading.
    pub(crate) fn chapter_of(&self, commodity: usize) -> &Chapter {
        &self.chapters[self.commodities[commodity].chapter]
    }

    /// Additional duty on a subheading from a partner, percent; zero without a measure.
    pub(crate) fn measure(&self, commodity: usize, partner: usize) -> f64 {
        self.measures.get(&(self.commodities[commodity].heading(), partner)).copied().unwrap_or(0.0)
    }

    /// Duty in percent, with the lower rate of an agreement where it is claimed; without any measure.
    pub(crate) fn duty(&self, commodity: usize, preferential: bool) -> f64 {
        let rate = self.commodities[commodity].rate;
        if preferential { (rate * 2.0).round() / 10.0 } else { rate }
    }
}

fn chapter(
    row: &[&'static str],
    partners: &[Partner],
    goods: Range<usize>,
) -> Result<Chapter, SimulationError> {
    let mut named = vec![0.0; partners.len()];
    for entry in row[11].split(' ') {
        let (code, weight) = entry.split_once(':').unwrap_or((entry, "1"));
        // The importing country is no partner of itself; its entry falls away.
        if let Some(position) = partners.iter().position(|p| p.code == code) {
            named[position] = number(CHAPTERS, weight)?;
        }
    }
    let named_sum = named.iter().sum::<f64>().max(1.0);
    let sum: f64 = partners.iter().map(|p| p.weight).sum();
    let origins = named.iter().zip(partners).map(|(named, partner)| {
        NAMED_ORIGINS * named / named_sum + (1.0 - NAMED_ORIGINS) * partner.weight / sum
    });
    Ok(Chapter {
        code: row[0],
        weight: number(CHAPTERS, row[1])?,
        unit: (!row[6].is_empty()).then_some(row[6]),
        item_mass: number(CHAPTERS, row[8])?,
        air: number(CHAPTERS, row[9])?,
        packages: row[10].split(' ').collect(),
        origins: origins.collect(),
        commodities: goods,
    })
}

fn commodity(
    row: &[&'static str],
    chapter: usize,
    described: &[&'static str],
    stream: &mut Stream,
) -> Result<Commodity, SimulationError> {
    let (low, high) = (number(CHAPTERS, row[2])?, number(CHAPTERS, row[3])?);
    let deviation = number(CHAPTERS, row[5])?;
    let unit_mass = if row[7].is_empty() { 1.0 } else { number(CHAPTERS, row[7])? };
    // Grams of precious goods are grams; articles of one chapter differ widely in mass.
    let mass_deviation = if matches!(row[6], "NAR" | "MTR") { 0.8 } else { 0.05 };
    Ok(Commodity {
        hs6: described[0],
        description: described[1],
        chapter,
        weight: 0.0,
        rate: (2.0 * stream.between(low, high)).round() / 2.0,
        price: libm::log(number(CHAPTERS, row[4])?) + deviation * stream.normal(),
        unit_mass: stream.log_normal(unit_mass, mass_deviation),
        temptation: stream.normal(),
        cheaper: Vec::new(),
    })
}

/// Gives the subheadings of each chapter Zipf weights in random order.
fn rank(seed: u64, chapters: &[Chapter], commodities: &mut [Commodity]) {
    for (index, chapter) in chapters.iter().enumerate() {
        let mut stream = Stream::pair(seed, Purpose::Commodity, u64::MAX, index as u64);
        let mut order: Vec<(u64, usize)> =
            chapter.commodities.clone().map(|commodity| (stream.bits(), commodity)).collect();
        order.sort_unstable();
        for (rank, (_, commodity)) in order.iter().enumerate() {
            commodities[*commodity].weight = libm::pow((rank + 1) as f64, -ZIPF);
        }
    }
}

fn cheaper(commodities: &[Commodity], index: usize) -> Vec<usize> {
    let own = &commodities[index];
    let lower = |c: &Commodity| c.chapter == own.chapter && c.rate <= own.rate - 3.0;
    let near = |c: &Commodity| c.heading().abs_diff(own.heading()) <= 4;
    let positions = || commodities.iter().enumerate().filter(|(_, c)| lower(c));
    let nearest: Vec<usize> = positions().filter(|(_, c)| near(c)).map(|(i, _)| i).collect();
    if nearest.is_empty() { positions().map(|(i, _)| i).take(3).collect() } else { nearest }
}

fn measures(
    seed: u64,
    partners: &[Partner],
    chapters: &[Chapter],
    commodities: &[Commodity],
) -> BTreeMap<(u16, usize), f64> {
    let mut stream = Stream::new(seed, Purpose::Measure, 0);
    let eligible: Vec<&Chapter> = chapters
        .iter()
        .filter(|c| MEASURED_CHAPTERS.contains(&c.code) && !c.commodities.is_empty())
        .collect();
    let mut measures = BTreeMap::new();
    for _ in 0..MEASURES {
        let chapter = eligible[stream.below(eligible.len())];
        let goods = &commodities[chapter.commodities.clone()];
        let heading = goods[stream.weighted(goods.iter().map(|c| c.weight))].heading();
        // The larger suppliers that have no agreement are the usual targets.
        let targets = chapter.origins.iter().zip(partners).map(|(w, p)| if p.hub { 0.0 } else { w * w });
        let partner = stream.weighted(targets);
        measures.insert((heading, partner), (2.0 * stream.between(9.0, 38.0)).round() / 2.0);
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partner::partners;

    #[test]
    fn the_embedded_files_agree_with_each_other() {
        let partners = partners("CN").unwrap();
        let catalogue = Catalogue::new(1, &partners).unwrap();
        let described =
            include_str!("../data/commodities.csv").lines().filter(|l| !l.starts_with('#')).count() - 1;
        assert_eq!(catalogue.commodities.len(), described, "a subheading without a chapter");
        assert!(catalogue.commodities.iter().all(|c| c.hs6.len() == 6 && !c.description.is_empty()));
        for chapter in &catalogue.chapters {
            assert!(!chapter.commodities.is_empty(), "chapter {}", chapter.code);
            assert!((chapter.origins.iter().sum::<f64>() - 1.0).abs() < 1e-9, "chapter {}", chapter.code);
            let first = chapter.packages[0];
            assert!(first.len() == 2, "chapter {} is packed in {first}", chapter.code);
        }
        for text in include_str!("../data/chapters.csv").lines().filter(|l| !l.starts_with('#')).skip(1) {
            for entry in text.rsplit(',').next().unwrap().split(' ') {
                let code = entry.split(':').next().unwrap();
                assert!(partners.iter().any(|p| p.code == code), "{code} is no partner");
            }
        }
    }

    #[test]
    fn neighbours_are_cheaper_and_of_the_same_chapter() {
        let catalogue = Catalogue::new(1, &partners("CN").unwrap()).unwrap();
        let goods = &catalogue.commodities;
        let mut with_neighbour = 0;
        for commodity in goods {
            with_neighbour += usize::from(!commodity.cheaper.is_empty());
            for neighbour in &commodity.cheaper {
                assert!(goods[*neighbour].rate <= commodity.rate - 3.0);
                assert_eq!(goods[*neighbour].chapter, commodity.chapter);
            }
        }
        assert!(with_neighbour * 3 > goods.len(), "{with_neighbour} of {}", goods.len());
        assert!(catalogue.measures.len() > 8);
    }
}
