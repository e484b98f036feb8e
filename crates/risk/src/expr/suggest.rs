//! The name somebody probably meant.

use datafusion_common::utils::datafusion_strsim::levenshtein;

/// The candidate nearest to `name` in single-letter edits, if one is near; the first of equals.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let far = (wanted.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        let columns = ["net_mass_kg", "gross_mass_kg", "HS6"];
        assert_eq!(nearest("net_mas_kg", columns.into_iter()), Some("net_mass_kg"));
        assert_eq!(nearest("hs6", columns.into_iter()), Some("HS6"));
        assert_eq!(nearest("importer", columns.into_iter()), None);
    }
}
