//! The files of datasets: those that this program ships, and those of a folder.

use crate::JobError;
use crate::files::{read_file, write_file};
use std::path::Path;
use tidegate_query::QueryError;
use tidegate_query::dataset::Definition;

/// Datasets of one folder.
const MOST_FILES: usize = 1_000;

macro_rules! shipped {
    ($domain:literal, $name:literal) => {
        ($domain, $name, include_str!(concat!("../../../../datasets/", $domain, "/", $name, ".sql")))
    };
}

/// The files that this program ships: domain, name and text.
const SHIPPED: &[(&str, &str, &str)] = &[
    shipped!("declaration", "commodity_prices"),
    shipped!("declaration", "declaration_counts"),
    shipped!("declaration", "trade_statistics"),
    shipped!("enterprise", "aeo_benefits"),
    shipped!("enterprise", "enterprise_profile"),
    shipped!("inspection", "findings_by_kind"),
    shipped!("inspection", "inspection_rates"),
    shipped!("inspection", "office_workload"),
    shipped!("inspection", "second_inspections"),
    shipped!("logistics", "clearance_times"),
    shipped!("quality", "column_completeness"),
    shipped!("quality", "data_quality"),
    shipped!("quality", "loads"),
    shipped!("quality", "quarantined_records"),
    shipped!("quality", "register_completeness"),
    shipped!("revenue", "declared_and_recovered"),
    shipped!("risk", "rule_effectiveness"),
    shipped!("risk", "selection_components"),
    shipped!("risk", "special_packaging"),
];

/// The datasets that this program ships.
///
/// # Errors
/// When a file is none, which a test excludes.
pub fn shipped() -> Result<Vec<Definition>, JobError> {
    SHIPPED.iter().map(|(domain, name, text)| parse(domain, name, text)).collect()
}

/// The datasets of a folder with a folder for each domain: `domain/name.sql`.
///
/// # Errors
/// When a file cannot be read or is no dataset, and when two have one name.
pub fn read(folder: &Path) -> Result<Vec<Definition>, JobError> {
    let entries = |path: &Path| {
        let entries = std::fs::read_dir(path).map_err(JobError::file(path))?;
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()).map_err(JobError::file(path)))
            .collect::<Result<Vec<_>, _>>()?;
        paths.sort();
        Ok::<_, JobError>(paths)
    };
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut definitions: Vec<Definition> = Vec::new();
    for domain in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        for file in entries(&domain)? {
            if file.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            if definitions.len() == MOST_FILES {
                return Err(JobError::Missing(format!(
                    "{}: more than {MOST_FILES} datasets",
                    folder.display()
                )));
            }
            let definition = parse(&name(&domain), &name(&file), &read_file(&file)?)?;
            if definitions.iter().any(|known| known.name == definition.name) {
                let path = file.display();
                return Err(JobError::Missing(format!("{path}: another domain has a dataset of this name")));
            }
            definitions.push(definition);
        }
    }
    if definitions.is_empty() {
        return Err(JobError::Missing(format!("{}: no file domain/name.sql", folder.display())));
    }
    Ok(definitions)
}

/// Writes the files of datasets to a folder, which is made when it is not there.
///
/// # Errors
/// When files cannot be written.
pub fn write(folder: &Path, definitions: &[Definition]) -> Result<(), JobError> {
    definitions.iter().try_for_each(|definition| {
        write_file(&folder.join(&definition.domain), &format!("{}.sql", definition.name), &definition.text)
    })
}

fn parse(domain: &str, name: &str, text: &str) -> Result<Definition, JobError> {
    Ok(Definition::parse(domain, name, text).map_err(QueryError::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use tidegate_records::table::{Domain, Grade, Table};
    use tidegate_records::tables::{TABLES, stored};

    #[test]
    fn every_file_of_the_repository_is_shipped() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
        let of = |definitions: Vec<Definition>| -> BTreeMap<String, [u8; 32]> {
            definitions.into_iter().map(|d| (format!("{}/{}", d.domain, d.name), d.hash())).collect()
        };
        assert_eq!(of(read(&folder).unwrap()), of(shipped().unwrap()));
    }

    #[test]
    fn who_answers_for_tables_answers_for_datasets() {
        let owners: BTreeSet<String> = shipped().unwrap().into_iter().map(|d| d.header.owner).collect();
        for table in TABLES {
            assert!(owners.contains(table.owner), "{}: {} is none of {owners:?}", table.name, table.owner);
        }
    }

    /// What counts the rows of a table and the values of each column that a row may lack. Columns above general-3 would raise the
    /// grade of every row.
    fn counted(table: &Table) -> String {
        let (name, schema) = (table.name, table.schema());
        let listed = table.columns.iter().filter(|column| {
            column.grade <= Grade::General3 && schema.field_with_name(column.name).unwrap().is_nullable()
        });
        let listed = listed.map(|column| {
            let column = column.name;
            format!("    named_struct('column_name', '{column}', 'present', count({column}))")
        });
        let listed = listed.collect::<Vec<_>>().join(",\n");
        let (month, by_month) =
            if table.column("month").is_some() { ("month, ", "\n  GROUP BY month") } else { ("", "") };
        format!(
            "SELECT {month}'{name}' AS table_name, count(*) AS stored_rows, make_array(\n{listed}\n  ) AS listed\n  \
             FROM {name}{by_month}"
        )
    }

    #[test]
    fn completeness_is_told_of_every_column_that_a_row_of_records_may_lack() {
        let definitions = shipped().unwrap();
        let of_records = stored().filter(|table| ![Domain::Risk, Domain::Quality].contains(&table.domain));
        let (by_month, registers): (Vec<&Table>, Vec<&Table>) =
            of_records.partition(|table| table.column("month").is_some());
        for (name, tables) in [("column_completeness", by_month), ("register_completeness", registers)] {
            let definition = definitions.iter().find(|definition| definition.name == name).unwrap();
            let all = tables.into_iter().map(counted).collect::<Vec<_>>().join("\n  UNION ALL\n  ");
            let begins = format!("WITH counted AS (\n  {all}\n),\n");
            assert!(definition.sql.starts_with(&begins), "{name}.sql has to begin with\n{begins}");
        }
    }
}
