//! Forgeries of published files, each with the words in which it must be found.

use tidegate_ledger::publication::{Publication, PublishedPeriod, PublishedRow};
use tidegate_ledger::{
    Checkpoint, Hash256, KeyShare, PeriodKey, PolicyStateVersion, SharePosition, SignedCheckpoint, SigningKey,
};

use crate::support::LOG;

/// A forgery of a period.
pub struct Forgery {
    /// What is done.
    pub name: &'static str,
    /// Words that the verification must say.
    pub found: &'static str,
    /// Does it.
    pub forge: fn(&mut Publication),
    /// Whether only the signature shows it, which the program of the document leaves to openssl.
    pub is_of_signature: bool,
}

/// A row that is selected, or not, without being mandatory.
fn drawn(publication: &mut Publication, selected: bool) -> &mut PublishedRow {
    let rows = publication.rows.iter_mut();
    let mut rows = rows.skip(20);
    rows.find(|row| row.outcome.is_selected == selected && !row.content.parts.mandatory).unwrap()
}

/// Numbers the rows again and gives the ends that follow from them, as somebody would who cannot sign.
fn renumber(publication: &mut Publication) {
    for (sequence, row) in (1..).zip(&mut publication.rows) {
        row.sequence = sequence;
    }
    publication.period.commitments = publication.rows.len() as u64;
}

fn other_key(period: &mut PublishedPeriod) {
    let shares = [KeyShare::new([1; 32]), KeyShare::new([2; 32])];
    let value = b"3 17 22 41".as_slice();
    let key = PeriodKey::derive(period.period, [&shares[0], &shares[1]], Some(value));
    period.shares = shares.each_ref().map(|share| Hash256::new(*share.expose()));
    period.share_commitments = [
        shares[0].commitment(period.period, SharePosition::First),
        shares[1].commitment(period.period, SharePosition::Second),
    ];
    period.key = Hash256::new(*key.expose());
    period.key_commitment = key.commitment(period.period);
}

fn last(publication: &mut Publication) -> &mut SignedCheckpoint {
    publication.period.checkpoints.last_mut().unwrap()
}

macro_rules! forgery {
    ($name:literal, $found:literal, $forge:expr) => {
        Forgery { name: $name, found: $found, forge: $forge, is_of_signature: false }
    };
}

/// Everything that the files alone show.
pub const FORGERIES: &[Forgery] = &[
    forgery!("an omitted record", "row 5 of period 2026-11", |p| drop(p.rows.remove(4))),
    forgery!("an omitted record, renumbered", "row 5 of period 2026-11", |p| {
        p.rows.remove(4);
        renumber(p);
    }),
    forgery!("an altered p", "row 9 of period 2026-11", |p| p.rows[8].content.parts.probability = 0.5),
    forgery!("an altered part of p", "row 9 of period 2026-11", |p| p.rows[8].content.parts.ramp = 0.5),
    forgery!("a row of another policy state", "row 9 of period 2026-11", |p| {
        p.rows[8].content.policy_state = PolicyStateVersion(2);
    }),
    forgery!("a swapped policy state", "row 1 of period 2026-11", |p| {
        let state = &mut p.period.policy_states[0];
        state.content = state.content.replace("\"slots\":3", "\"slots\":9");
        state.sha256 = Hash256::of(state.content.as_bytes());
    }),
    forgery!("a policy state that is not its hash", "policy state 1", |p| {
        p.period.policy_states[0].content.push(' ');
    }),
    forgery!("a changed order", "row 3 of period 2026-11", |p| p.rows.swap(2, 3)),
    forgery!("a changed order, renumbered", "row 3 of period 2026-11", |p| {
        p.rows.swap(2, 3);
        renumber(p);
    }),
    forgery!("an altered draw", "u is ", |p| drawn(p, false).outcome.draw = 0.001),
    forgery!("a selected record that should not be", "is_selected is ", |p| {
        drawn(p, false).outcome.is_selected = true;
    }),
    forgery!("a record that should be selected", "is_selected is ", |p| {
        drawn(p, true).outcome.is_selected = false;
    }),
    forgery!("another cut", "tau is ", |p| drawn(p, true).outcome.tau = 0.5),
    forgery!("another pi", "pi is ", |p| drawn(p, true).outcome.realised_probability = 0.5),
    forgery!("a row said to be abandoned", "is_abandoned is ", |p| drawn(p, true).outcome.is_abandoned =
        true),
    forgery!("a row inserted", "row 8 of period 2026-11", |p| {
        let mut row = p.rows[6].clone();
        "friend".clone_into(&mut row.content.root);
        p.rows.insert(7, row);
        renumber(p);
    }),
    forgery!("a row added at the end", "row ", |p| {
        let row = p.rows[6].clone();
        p.rows.push(row);
        renumber(p);
    }),
    forgery!("a truncated end", "commitments", |p| p.rows.truncate(20)),
    forgery!("a truncated end, told otherwise", "commitments", |p| {
        p.rows.truncate(20);
        renumber(p);
        p.period.head = p.rows[19].hash;
    }),
    forgery!("a replaced key", "period 2026-11", |p| other_key(&mut p.period)),
    forgery!("a key that is not of the shares", "key", |p| p.period.key = Hash256::of(b"")),
    forgery!("a public value chosen afterwards", "key", |p| p.period.public_value = Some("00".to_owned())),
    forgery!("a forged checkpoint", "checkpoint", |p| last(p).checkpoint.merkle_root = Hash256::of(b"")),
    forgery!("a checkpoint left out at the end", "signed", |p| drop(p.period.checkpoints.pop())),
    forgery!("a checkpoint left out at the beginning", "signed before", |p| {
        p.period.checkpoints.remove(0);
    }),
    forgery!("two persons who were one", "row 1 of period 2026-11", |p| {
        p.period.custody = tidegate_ledger::Custody::OnePerson;
    }),
    forgery!("a bundle that nobody used", "listed", |p| p.period.bundles.push(Hash256::of(b""))),
    forgery!("another end of the chain", "head", |p| p.period.head = Hash256::of(b"")),
    forgery!("another root of the tree", "merkle_root", |p| p.period.merkle_root = Hash256::of(b"")),
    Forgery {
        name: "a checkpoint that nobody signed",
        found: "forged",
        forge: |p| last(p).signature.0[5] ^= 1,
        is_of_signature: true,
    },
    Forgery {
        name: "a checkpoint signed by a stranger",
        found: "forged",
        forge: |p| {
            let checkpoint: Checkpoint = last(p).checkpoint.clone();
            assert_eq!(checkpoint.log, LOG);
            *last(p) = checkpoint.sign(&SigningKey::new(&[1; 32]));
        },
        is_of_signature: true,
    },
];
