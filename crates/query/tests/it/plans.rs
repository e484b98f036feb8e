//! What the text of a plan tells of rows.

/// What only stands in a plan that shows how stored rows are read.
const BELOW: &[&str] = &["DataSourceExec", "DeltaScan", "MemoryExec", "file_groups", "partition_sizes"];

/// The first thing in a plan that is below a policy.
pub fn tells_of_what_is_below(plan: &str) -> Option<String> {
    BELOW.iter().find(|below| plan.contains(**below)).map(|below| (*below).to_owned())
}

/// Numbers of rows in a plan: counted, known beforehand or estimated, and those that a filter has seen.
pub fn counts_in(plan: &str) -> Vec<usize> {
    let after = |text: &str, mark: char| text.split_once(mark).map_or("", |(_, rest)| rest).to_owned();
    let mut counts = Vec::new();
    for mark in ["output_rows=", "Rows=Exact(", "Rows=Inexact("] {
        counts.extend(plan.split(mark).skip(1).filter_map(number));
    }
    for selectivity in plan.split("selectivity=").skip(1) {
        let seen = selectivity.split(')').next().unwrap_or_default();
        counts.extend(number(&after(&after(seen, '('), '/')));
    }
    counts
}

/// The whole number that a text begins with.
fn number(text: &str) -> Option<usize> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[test]
fn numbers_of_rows_are_found_in_plans() {
    let plan = "FilterExec: a@0 = 1, metrics=[output_rows=3, selectivity=50% (3/6)]\n\
                DataSourceExec: partitions=1, statistics=[Rows=Exact(36), Bytes=Absent]";
    assert_eq!(counts_in(plan), [3, 36, 6]);
    assert_eq!(tells_of_what_is_below(plan), Some("DataSourceExec".to_owned()));
}
