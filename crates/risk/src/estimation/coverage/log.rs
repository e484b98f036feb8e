//! A simulated log: draws, closed work lists, lanes, late and missing results, officers' own additions.

use super::super::hypothetical::{HypotheticalList, inclusion_probabilities};
use super::super::pending::{ResultDelays, Wait};
use super::super::record::{LaneChance, LoggedRecord, Outcome};
use super::policies::{LOGGED, ROOM, SimulatedPolicy};
use super::population::{Consignment, DAYS, LIST_SIZE, Noise};
use crate::selection::{Contender, Draw, Lane, close};

/// The consignments of a simulation with `pi_e` of an evaluated policy.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// `pi_e` before lanes, by consignment.
    pub inclusion: Vec<f64>,
    /// The policy.
    pub policy: SimulatedPolicy,
}

impl Evaluated {
    /// Averages the cuts of all lists over the draws of `keys` throw-away keys.
    pub fn new(policy: SimulatedPolicy, population: &[Consignment], draws: &[Vec<Draw>]) -> Self {
        let size = LIST_SIZE as usize;
        let mut inclusion = Vec::with_capacity(population.len());
        for (place, list) in population.chunks(size).enumerate() {
            let chances = list.iter().map(|c| policy.chance(c)).collect();
            let of_list: Vec<Vec<Draw>> =
                draws.iter().map(|d| d[place * size..(place + 1) * size].to_vec()).collect();
            let list = HypotheticalList { chances, room: ROOM };
            inclusion.extend(inclusion_probabilities(&list, &of_list));
        }
        Self { inclusion, policy }
    }
}

/// One log of a population: what the draws of a key selected.
#[derive(Debug, Clone)]
pub struct SimulatedLog {
    /// tau, by list.
    pub cuts: Vec<f64>,
    /// u, by consignment.
    pub draws: Vec<Draw>,
    /// `pi_b` before lanes, by consignment, by the cut that the others leave it.
    pub inclusion: Vec<f64>,
    /// Assigned lane and what came of it, by consignment; `None` when nothing is assigned.
    pub assigned: Vec<Option<(Lane, Arrival)>>,
}

/// How a result arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Days after the inspection was assigned.
    After(u32),
    /// Never done.
    Never,
}

/// Days after the last work list on which the log is read.
pub const READ_AFTER: u32 = 3;

/// Age of a consignment's decision when the log is read, in days.
pub fn age(consignment: &Consignment) -> u32 {
    DAYS - 1 - consignment.day + READ_AFTER
}

impl SimulatedLog {
    /// Draws with the key of a replicate.
    pub fn new(population: &[Consignment], replicate: u64) -> Self {
        let noise = Noise::new(replicate ^ 0xfeed_0000_0000_0000);
        let stored =
            |purpose, root| Draw::stored(noise.uniform(purpose, root)).unwrap_or(Draw::new(&[0; 32], "", ""));
        let draws: Vec<Draw> = population.iter().map(|c| stored("select", c.root)).collect();
        let (mut cuts, mut inclusion) = (Vec::new(), Vec::with_capacity(population.len()));
        let mut assigned = Vec::with_capacity(population.len());
        for (list, draws) in population.chunks(LIST_SIZE as usize).zip(draws.chunks(LIST_SIZE as usize)) {
            let contenders: Vec<Contender> =
                list.iter().zip(draws).map(|(c, draw)| LOGGED.chance(c).contender(*draw)).collect();
            let closed = close(&contenders, ROOM).cuts;
            cuts.push(closed.kept);
            for (consignment, contender) in list.iter().zip(&contenders) {
                let pi = contender.realised_probability(closed.of(contender));
                inclusion.push(pi);
                let opened = contender.draw.value() < LOGGED.opened(consignment) * pi;
                let lane = if opened { Lane::Red } else { Lane::Orange };
                let selected = contender.is_selected(closed.kept);
                assigned.push(selected.then(|| (lane, arrival(&noise, consignment, lane))));
            }
        }
        Self { cuts, draws, inclusion, assigned }
    }

    /// The records that an estimate is made of: one for each item. Delays are learned from the log itself.
    pub fn records(&self, population: &[Consignment], evaluated: &Evaluated) -> Vec<LoggedRecord> {
        let delays = self.delays(population);
        let mut records = Vec::new();
        for (place, consignment) in population.iter().enumerate() {
            let (pi_b, pi_e) = (self.inclusion[place], evaluated.inclusion[place]);
            let (opened, to_open) = (LOGGED.opened(consignment), evaluated.policy.opened(consignment));
            let shares = [(Lane::Red, opened, to_open), (Lane::Orange, 1.0 - opened, 1.0 - to_open)];
            let chances: Vec<LaneChance> = shares
                .iter()
                .map(|(lane, b, e)| LaneChance { lane: *lane, logged: pi_b * b, evaluated: pi_e * e })
                .collect();
            let known = |lane| delays.probability(cell(consignment, lane), age(consignment)).unwrap_or(1.0);
            for item in &consignment.items {
                let (assigned, outcome) = match self.assigned[place] {
                    // Officers add inspections where they smell fraud.
                    None if item.red.found && consignment.root % 5 == 0 => (Lane::Green, Outcome::Added),
                    None => (Lane::Green, Outcome::NotAssigned),
                    Some((lane, Arrival::Never)) => (lane, Outcome::NotDone),
                    Some((lane, Arrival::After(days))) if days > age(consignment) => (lane, Outcome::Pending),
                    Some((Lane::Red, _)) => (Lane::Red, Outcome::Known(item.red)),
                    Some((lane, _)) => (lane, Outcome::Known(item.orange)),
                };
                records.push(LoggedRecord {
                    root: consignment.root,
                    chances: chances.clone(),
                    assigned,
                    outcome,
                    known_probability: known(assigned),
                    in_sample: false,
                });
            }
        }
        records
    }
}

impl SimulatedLog {
    fn delays(&self, population: &[Consignment]) -> ResultDelays {
        let assigned =
            population.iter().zip(&self.assigned).filter_map(|(c, a)| a.map(|(lane, how)| (c, lane, how)));
        let waits = assigned.map(|(consignment, lane, how)| match how {
            Arrival::After(days) if days <= age(consignment) => {
                Wait { cell: cell(consignment, lane), days, arrived: true }
            }
            _ => Wait { cell: cell(consignment, lane), days: age(consignment), arrived: false },
        });
        ResultDelays::fit(&waits.collect::<Vec<_>>())
    }
}

/// Lane and office.
fn cell(consignment: &Consignment, lane: Lane) -> u32 {
    2 * consignment.office + u32::from(lane == Lane::Red)
}

/// 3 % are never done; the results of the others come after a geometric number of days, 2 on average for a scan and 5
/// where goods are opened.
fn arrival(noise: &Noise, consignment: &Consignment, lane: Lane) -> Arrival {
    if noise.uniform("never", consignment.root) < 0.03 {
        return Arrival::Never;
    }
    let mean = if lane == Lane::Red { 5.0 } else { 2.0 };
    let waited =
        libm::log(1.0 - noise.uniform("arrival", consignment.root)) / libm::log(1.0 - 1.0 / (mean + 1.0));
    Arrival::After(waited as u32)
}
