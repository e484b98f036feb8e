//! The table of what codes mean. No lake stores it: its rows are the code lists, which are compiled in.

use crate::class::ClassDefinition;
use crate::codes::{Code, CodeList};
use crate::table::Grade::General1;
use crate::table::{Column, Domain, Listed, Source, Table};
use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::Date32Type;
use arrow::error::ArrowError;
use chrono::NaiveDate;
use std::sync::Arc;

/// One row for each code of each list and each period in which it may be used; the list, the code and the first day name it.
pub static CODE: Table = Table {
    name: "code",
    domain: Domain::Reference,
    owner: "data-management",
    description: "What codes mean: one row for each code of each list and each period in which it may be used.",
    class: &LISTED_CODE,
    columns: &[
        listed("list", Listed::List, "List that the code is of, such as `country` or `commodity`."),
        listed(
            "code",
            Listed::Code,
            "The code as records carry it; of goods 2, 4 or 6 digits of the Harmonized System.",
        ),
        listed("name", Listed::Name, "What the code stands for, in English."),
        listed(
            "valid_from",
            Listed::ValidFrom,
            "First day on which the code may be used; absent where its list names none.",
        ),
        listed(
            "valid_until",
            Listed::ValidUntil,
            "First day on which the code may be used no longer; absent where its list names none.",
        ),
    ],
    elsewhere: &[],
    statistics: &[],
};

/// No class of records: a code is what their fields refer to.
static LISTED_CODE: ClassDefinition =
    ClassDefinition { name: "Code", id: "", fields: &[], description: "A code of a list." };

const fn listed(name: &'static str, told: Listed, description: &'static str) -> Column {
    Column { name, source: Source::Listed(told), unit: None, grade: General1, description }
}

/// The rows of [`CODE`]: list by list, in each by code and then by time.
///
/// # Errors
/// When they do not fit the definition, which a test excludes.
pub fn code_rows() -> Result<RecordBatch, ArrowError> {
    let of_list = |list: CodeList| list.iter().map(move |code| (list, code));
    let rows: Vec<(CodeList, &Code)> = CodeList::ALL.into_iter().flat_map(of_list).collect();
    let columns = CODE.columns.iter().filter_map(|column| match column.source {
        Source::Listed(told) => Some(values(told, &rows)),
        _ => None,
    });
    RecordBatch::try_new(CODE.schema(), columns.collect())
}

/// What is told of each code.
fn values(told: Listed, rows: &[(CodeList, &Code)]) -> ArrayRef {
    let rows = rows.iter();
    match told {
        Listed::List => Arc::new(StringArray::from_iter_values(rows.map(|(list, _)| list.as_str()))),
        Listed::Code => Arc::new(StringArray::from_iter_values(rows.map(|(_, code)| code.code))),
        Listed::Name => Arc::new(StringArray::from_iter_values(rows.map(|(_, code)| code.name))),
        Listed::ValidFrom => days(rows.map(|(_, code)| code.valid.from)),
        Listed::ValidUntil => days(rows.map(|(_, code)| code.valid.until)),
    }
}

fn days(days: impl Iterator<Item = Option<NaiveDate>>) -> ArrayRef {
    Arc::new(days.map(|day| day.map(Date32Type::from_naive_date)).collect::<Date32Array>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{TABLES, stored};
    use arrow::array::{Array, AsArray};
    use std::collections::BTreeSet;

    /// List, code, name, first day, first day after the last.
    type Row = (String, String, String, Option<NaiveDate>, Option<NaiveDate>);

    fn rows() -> Vec<Row> {
        let batch = code_rows().unwrap();
        let text = |name: &str, row: usize| {
            batch.column_by_name(name).unwrap().as_string::<i32>().value(row).to_owned()
        };
        let day = |name: &str, row: usize| {
            let days = batch.column_by_name(name).unwrap().as_primitive::<Date32Type>();
            days.is_valid(row).then(|| days.value_as_date(row).unwrap())
        };
        let of = |row| {
            let [list, code, name] = ["list", "code", "name"].map(|column| text(column, row));
            (list, code, name, day("valid_from", row), day("valid_until", row))
        };
        (0..batch.num_rows()).map(of).collect()
    }

    #[test]
    fn every_code_of_every_list_is_a_row_that_list_code_and_first_day_name() {
        let rows = rows();
        assert_eq!(rows.len(), CodeList::ALL.into_iter().map(|list| list.iter().count()).sum::<usize>());
        let lists: BTreeSet<&str> = rows.iter().map(|(list, ..)| list.as_str()).collect();
        assert_eq!(
            lists.into_iter().collect::<Vec<_>>(),
            [
                "commodity",
                "country",
                "currency",
                "declaration_type",
                "incoterm",
                "message_function",
                "package_type",
                "procedure",
                "transport_mode",
                "unit",
                "valuation_method",
            ]
        );
        let names: BTreeSet<_> = rows.iter().map(|(list, code, _, from, _)| (list, code, from)).collect();
        assert_eq!(names.len(), rows.len());
    }

    #[test]
    fn a_row_tells_what_the_list_tells() {
        let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        let rows = rows();
        for (list, code, name, from, until) in [
            ("country", "CN", "China", None, None),
            ("country", "CS", "Czechoslovakia", None, day("1993-01-01")),
            ("country", "CS", "Serbia and Montenegro", day("2003-02-04"), day("2006-06-03")),
            ("commodity", "09", "Coffee, tea, mate and spices", None, None),
        ] {
            let row = (list.to_owned(), code.to_owned(), name.to_owned(), from, until);
            assert!(rows.contains(&row), "{row:?}");
        }
        for digits in [2, 4, 6] {
            assert!(rows.iter().any(|(list, code, ..)| list == "commodity" && code.len() == digits));
        }
    }

    #[test]
    fn it_is_not_stored_and_may_be_published() {
        assert!(CODE.is_built_in());
        assert!(CODE.columns.iter().all(|column| column.grade == General1));
        assert!(stored().all(|table| table.name != CODE.name));
        assert_eq!(stored().count() + 1, TABLES.len());
    }
}
