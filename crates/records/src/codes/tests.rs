//! What must hold for every list, facts that everybody knows, and a comparison with other people's lists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::table::rows;
use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn status(list: CodeList, code: &str, on: &str) -> Status {
    list.status(code, day(on))
}

#[test]
fn no_line_of_a_data_file_is_lost_and_each_file_is_valid_csv() {
    for (at, list) in CodeList::ALL.into_iter().enumerate() {
        assert_eq!(list as usize, at);
        assert_eq!(list.iter().count(), rows(list.file()).count(), "{list:?}");
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(list.file().as_bytes());
        for (row, entry) in reader.records().zip(list.iter()) {
            let row = row.unwrap();
            assert_eq!((&row[0], &row[3], &row[4]), (entry.code, entry.detail, entry.name));
            assert_eq!(&row[1], entry.valid.from.map(|from| from.to_string()).unwrap_or_default());
            assert_eq!(&row[2], entry.valid.until.map(|until| until.to_string()).unwrap_or_default());
            assert!(!entry.name.is_empty(), "{entry:?}");
        }
    }
}

#[test]
fn every_list_is_sorted_and_the_periods_of_a_code_do_not_overlap() {
    for list in CodeList::ALL {
        for entry in list.iter() {
            assert!(
                entry.valid.from.is_none() || entry.valid.until.is_none_or(|u| Some(u) > entry.valid.from)
            );
        }
        for (one, next) in list.iter().zip(list.iter().skip(1)) {
            assert!(one.code <= next.code, "{list:?}: {} before {}", one.code, next.code);
            if one.code == next.code {
                assert!(one.valid.until.is_some() && one.valid.until <= next.valid.from, "{list:?}: {one:?}");
            }
        }
    }
}

#[test]
fn every_entry_is_found_by_its_code() {
    for list in CodeList::ALL {
        for entry in list.iter() {
            assert!(list.periods(entry.code).contains(entry), "{list:?}: {}", entry.code);
            assert_eq!(list.lookup(entry.code).unwrap().code, entry.code);
        }
    }
}

#[test]
fn countries_change_on_their_day() {
    let country = CodeList::Country;
    assert_eq!(status(country, "AN", "2010-10-09"), Status::Valid);
    assert_eq!(status(country, "AN", "2010-10-10"), Status::Expired(day("2010-10-10")));
    assert_eq!(status(country, "CW", "2010-10-09"), Status::NotYet(day("2010-10-10")));
    assert_eq!(status(country, "XI", "2021-01-01"), Status::Valid);
    for code in ["CN", "GB", "EU", "XK", "QQ", "QX"] {
        assert_eq!(status(country, code, "2026-11-24"), Status::Valid, "{code}");
    }
    for code in ["UK", "cn", "ZZ", "", "CHN", "C\0", "a long text that is no code"] {
        assert_eq!(status(country, code, "2026-11-24"), Status::Unknown, "{code}");
    }
}

#[test]
fn a_code_given_twice_keeps_both_lives() {
    let country = CodeList::Country;
    assert_eq!(country.lookup_on("CS", day("1992-06-01")).unwrap().name, "Czechoslovakia");
    assert_eq!(country.lookup_on("CS", day("2005-06-01")).unwrap().name, "Serbia and Montenegro");
    assert_eq!(country.lookup_on("CS", day("2000-06-01")), None);
    assert_eq!(status(country, "CS", "2000-06-01"), Status::Expired(day("1993-01-01")));
    assert_eq!(status(country, "CS", "2026-01-01"), Status::Expired(day("2006-06-03")));
}

#[test]
fn currencies_change_on_their_day() {
    let currency = CodeList::Currency;
    assert_eq!(status(currency, "HRK", "2022-12-31"), Status::Valid);
    assert_eq!(status(currency, "HRK", "2023-01-01"), Status::Expired(day("2023-01-01")));
    assert_eq!(status(currency, "BGN", "2026-01-01"), Status::Expired(day("2026-01-01")));
    assert_eq!(status(currency, "ZWG", "2024-01-01"), Status::NotYet(day("2024-06-25")));
    assert_eq!(status(currency, "ZWL", "2025-01-01"), Status::Expired(day("2024-09-01")));
    assert_eq!(["JPY", "EUR", "KWD", "CLF"].map(minor_units), [Some(0), Some(2), Some(3), Some(4)]);
    assert_eq!(["XAU", "???"].map(minor_units), [None, None]);
}

#[test]
fn the_editions_of_the_harmonized_system_have_their_size() {
    let subheadings = |on: &str| {
        let on = day(on);
        CodeList::Commodity.iter().filter(|e| e.code.len() == 6 && e.valid.contains(on)).count()
    };
    assert_eq!(["2016-12-31", "2021-12-31", "2022-01-01"].map(subheadings), [5205, 5387, 5612]);
    assert_eq!(CodeList::Commodity.iter().filter(|e| e.code.len() == 2).count(), 98);
}

#[test]
fn goods_are_judged_by_the_edition_of_their_day() {
    let goods = CodeList::Commodity;
    assert_eq!(status(goods, "852580", "2021-12-31"), Status::Valid);
    assert_eq!(status(goods, "852580", "2022-01-01"), Status::Expired(day("2022-01-01")));
    assert_eq!(status(goods, "852581", "2021-12-31"), Status::NotYet(day("2022-01-01")));
    assert_eq!(status(goods, "870380", "2016-12-31"), Status::NotYet(day("2017-01-01")));
    assert_eq!(status(goods, "853950", "2019-06-01"), Status::Valid);
    assert_eq!(status(goods, "853950", "2016-06-01"), Status::NotYet(day("2017-01-01")));
    assert_eq!(status(goods, "853950", "2022-06-01"), Status::Expired(day("2022-01-01")));
    assert_eq!(status(goods, "8469", "2017-01-01"), Status::Expired(day("2017-01-01")));
    for code in ["01", "0101", "010121", "620822", "99", "990500", "9801"] {
        assert_eq!(status(goods, code, "2024-01-01"), Status::Valid, "{code}");
    }
    for code in ["77", "010199", "1", "62082", "99050", "99AB", "62082200"] {
        assert_eq!(status(goods, code, "2024-01-01"), Status::Unknown, "{code}");
    }
}

#[test]
fn a_heading_lives_as_long_as_its_subheadings() {
    let editions = ["2016-12-31", "2017-01-01", "2021-12-31", "2022-01-01"].map(day);
    for heading in CodeList::Commodity.iter().filter(|entry| entry.code.len() == 4) {
        let below = |on| {
            CodeList::Commodity.iter().any(|entry| {
                entry.code.len() == 6 && entry.code.starts_with(heading.code) && entry.valid.contains(on)
            })
        };
        for on in editions {
            assert_eq!(heading.valid.contains(on), below(on), "{} on {on}", heading.code);
        }
        assert_eq!(hs::parent(heading.code).unwrap().code, &heading.code[..2]);
    }
}

#[test]
fn the_tree_of_goods_can_be_climbed() {
    assert_eq!(hs::heading("62082200").unwrap().code, "6208");
    assert_eq!(hs::parent("620822").unwrap().code, "6208");
    assert_eq!(hs::chapter("620822").unwrap().name, "Clothing and accessories, not knitted or crocheted");
    assert_eq!(hs::parent("62"), None);
    assert_eq!(hs::chapter("6"), None);
    assert_eq!(hs::chapter("é"), None);
}

#[test]
fn packages_say_how_they_are_counted() {
    for code in ["VQ", "VG", "VL", "VY", "VR", "VS", "VO"] {
        assert_eq!(package_kind(code), Some(PackageKind::Bulk), "{code}");
    }
    let is_bulk = |entry: &&Code| package_kind(entry.code) == Some(PackageKind::Bulk);
    assert_eq!(CodeList::PackageType.iter().filter(is_bulk).count(), 7);
    assert_eq!(package_kind("NE"), Some(PackageKind::Unpacked));
    assert_eq!(package_kind("VP"), Some(PackageKind::Packed));
    assert_eq!(package_kind("??"), None);
    assert_eq!(CodeList::PackageType.iter().count(), 406);
}

#[test]
fn a_procedure_code_is_two_procedures() {
    let pair = ProcedurePair::of("4071").unwrap();
    assert_eq!((pair.requested.code, pair.previous.name), ("40", "Customs warehousing"));
    for code in ["4000", "1040", "5300", "4421", "3151", "6123"] {
        assert!(ProcedurePair::of(code).is_some(), "{code}");
    }
    for code in ["40", "40000", "9999", "4é1", ""] {
        assert_eq!(ProcedurePair::of(code), None, "{code}");
    }
    assert_eq!(status(CodeList::Procedure, "91", "2016-05-01"), Status::Expired(day("2016-05-01")));
}

#[test]
fn the_short_lists_hold_what_messages_carry() {
    for (list, codes) in [
        (
            CodeList::DeclarationType,
            &["IMA", "IMD", "IMJ", "IMK", "IMY", "IMZ", "EXA", "EXD", "COR", "INV"][..],
        ),
        (CodeList::MessageFunction, &["9", "13"]),
        (CodeList::TransportMode, &["1", "3", "4"]),
        (CodeList::ValuationMethod, &["1", "6"]),
        (CodeList::Incoterm, &["CIF", "FOB", "DPU"]),
        (CodeList::Unit, &["KGM", "HLT", "ASV"]),
    ] {
        for code in codes {
            assert_eq!(status(list, code, "2024-01-01"), Status::Valid, "{list:?} {code}");
        }
    }
    assert_eq!(status(CodeList::Incoterm, "DAT", "2020-01-01"), Status::Expired(day("2020-01-01")));
    assert_eq!(status(CodeList::Incoterm, "DPU", "2019-12-31"), Status::NotYet(day("2020-01-01")));
}

#[test]
fn near_misses_get_the_code_that_was_meant() {
    for (list, written, meant) in [
        (CodeList::Country, "cn", "CN"),
        (CodeList::Country, " CN ", "CN"),
        (CodeList::Country, "CHN", "CN"),
        (CodeList::Country, "China", "CN"),
        (CodeList::Country, "türkiye", "TR"),
        (CodeList::Country, "UK", "GB"),
        (CodeList::Currency, "eur", "EUR"),
        (CodeList::Currency, "RMB", "CNY"),
        (CodeList::Currency, "HRK", "EUR"),
        (CodeList::Commodity, "6208.22", "620822"),
        (CodeList::Commodity, "6208 22 00 00", "620822"),
        (CodeList::Commodity, "10121", "010121"),
        (CodeList::PackageType, "bx", "BX"),
        (CodeList::TransportMode, "40", "4"),
        (CodeList::TransportMode, "01", "1"),
        (CodeList::MessageFunction, "09", "9"),
        (CodeList::Incoterm, "DAT", "DPU"),
        (CodeList::Unit, "kg", "KGM"),
    ] {
        assert_eq!(list.suggest(written).map(|entry| entry.code), Some(meant), "{list:?} {written}");
    }
    for (list, written) in [
        (CodeList::Country, "CN"),
        (CodeList::Country, "AN"),
        (CodeList::Country, ""),
        (CodeList::Currency, "Bolívar Soberano"),
        (CodeList::Commodity, "620822"),
        (CodeList::Commodity, "shirts"),
        (CodeList::TransportMode, "000"),
    ] {
        assert_eq!(list.suggest(written), None, "{list:?} {written}");
    }
}

#[test]
fn every_alias_is_in_order_and_leads_to_an_open_code() {
    let aliases: Vec<_> = suggest::aliases().collect();
    assert!(aliases.is_sorted());
    for [list, written, code] in aliases {
        let list = CodeList::ALL.into_iter().find(|other| other.title() == list).unwrap();
        assert_eq!(list.suggest(written).map(|entry| entry.code), Some(code), "{list:?} {written}");
        assert_eq!(list.lookup(code).unwrap().valid.until, None, "{list:?} {code}");
        let is_open = list.lookup(written).is_some_and(|entry| entry.valid.until.is_none());
        assert!(!is_open, "{written} is a valid {list:?} itself");
    }
}

proptest! {
    #[test]
    fn any_text_can_be_asked_for(text in "\\PC{0,9}", days in 0..60_000_i32) {
        let on = NaiveDate::from_num_days_from_ce_opt(700_000 + days).unwrap();
        for list in CodeList::ALL {
            let is_known = list.iter().any(|entry| entry.code == text);
            let is_national = list == CodeList::Commodity && hs::listed(&text) != text;
            prop_assert_eq!(list.status(&text, on) != Status::Unknown, is_known || is_national);
            prop_assert_eq!(list.lookup_on(&text, on).is_some(), list.status(&text, on) == Status::Valid);
            prop_assert!(list.suggest(&text).is_none_or(|entry| entry.code != text));
        }
    }
}

/// Two columns of a CSV file.
fn columns(file: &Path, names: [&str; 2]) -> Vec<[String; 2]> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = names.map(|name| header.iter().position(|other| other == name).unwrap());
    reader.records().map(|row| row.unwrap()).map(|row| at.map(|at| row[at].to_string())).collect()
}

/// A folder of samples that is not part of this repository; says so where it is absent.
fn samples(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples").join(folder);
    if !path.exists() {
        eprintln!("trial left out: {} is absent", path.display());
    }
    path.exists().then_some(path)
}

#[test]
fn trial_all_countries_of_a_published_list_are_known() {
    let Some(samples) = samples("reference") else { return };
    let countries = columns(&samples.join("country-codes.csv"), ["ISO3166-1-Alpha-2", "ISO3166-1-Alpha-3"]);
    for [code, alpha_3] in countries.iter().filter(|[code, _]| code.len() == 2) {
        assert_eq!(status(CodeList::Country, code, "2024-01-01"), Status::Valid, "{code}");
        assert_eq!(alpha3(code), Some(alpha_3.as_str()), "{code}");
    }
}

#[test]
fn trial_the_goods_of_2022_are_those_of_a_published_list() {
    let Some(samples) = samples("reference") else { return };
    let on = day("2024-01-01");
    let published: BTreeSet<String> = columns(&samples.join("harmonized-system.csv"), ["hscode", "level"])
        .into_iter()
        .map(|[code, _]| code)
        .filter(|code| code != "TOTAL")
        .collect();
    for code in &published {
        assert_eq!(CodeList::Commodity.status(code, on), Status::Valid, "{code}");
    }
    let ours = CodeList::Commodity.iter().filter(|entry| entry.valid.contains(on)).map(|entry| entry.code);
    // Chapter 98 is each country's own and has no line there.
    assert_eq!(ours.filter(|code| !published.contains(*code)).collect::<Vec<_>>(), ["98"]);
}

#[test]
fn trial_the_goods_of_an_import_year_are_those_of_their_edition() {
    let Some(samples) = samples("ibs") else { return };
    for [code, date] in columns(&samples.join("train.csv"), ["HS6 Code", "Date"]) {
        // The file has lost the leading zeros.
        assert_eq!(status(CodeList::Commodity, &format!("{code:0>6}"), &date), Status::Valid, "{code}");
    }
}
