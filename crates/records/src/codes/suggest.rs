//! What was meant by something that is no valid code: another spelling, a name, an old code with one successor.

use std::sync::LazyLock;

use super::{Code, CodeList, hs, table};

/// See [`CodeList::suggest`]. Tried in this order: the successor or nickname our own list knows, the same code
/// tidied, the alpha-3 code of a country, the English name.
pub(super) fn suggest(list: CodeList, written: &str) -> Option<&'static Code> {
    let tidy = written.trim().to_uppercase();
    alias(list, &tidy)
        .or_else(|| tidied(list, &tidy))
        .or_else(|| by_alpha3(list, &tidy))
        .or_else(|| by_name(list, &tidy))
        .filter(|entry| entry.code != written)
}

fn alias(list: CodeList, tidy: &str) -> Option<&'static Code> {
    static ALIASES: LazyLock<Vec<[&'static str; 3]>> = LazyLock::new(|| aliases().collect());
    let wanted = (list.title(), tidy);
    let at = ALIASES.binary_search_by(|[list, written, _]| (*list, *written).cmp(&wanted)).ok()?;
    list.lookup(ALIASES[at][2])
}

/// The lines of the data file: title of the list, what is written, the code.
pub(super) fn aliases() -> impl Iterator<Item = [&'static str; 3]> {
    table::rows(include_str!("../../data/aliases.csv")).filter_map(|line| {
        let mut fields = line.splitn(3, ',');
        Some([fields.next()?, fields.next()?, fields.next()?])
    })
}

fn tidied(list: CodeList, tidy: &str) -> Option<&'static Code> {
    match list {
        CodeList::Commodity => list.lookup(&hs::tidy(tidy)?),
        // These lists hold plain numbers, which some systems pad: 09 for 9.
        CodeList::TransportMode | CodeList::MessageFunction | CodeList::ValuationMethod => {
            list.lookup(tidy.trim_start_matches('0'))
        }
        _ => list.lookup(tidy),
    }
}

fn by_alpha3(list: CodeList, tidy: &str) -> Option<&'static Code> {
    let is_alpha3 = list == CodeList::Country && tidy.len() == 3;
    list.iter().find(|entry| is_alpha3 && entry.detail == tidy)
}

/// The one open entry with this name; names of goods are no names but texts, and not searched.
fn by_name(list: CodeList, tidy: &str) -> Option<&'static Code> {
    if list == CodeList::Commodity {
        return None;
    }
    let mut same =
        list.iter().filter(|entry| entry.valid.until.is_none() && entry.name.to_uppercase() == tidy);
    let first = same.next();
    first.filter(|_| same.next().is_none())
}
