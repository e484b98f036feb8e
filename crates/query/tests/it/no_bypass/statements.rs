//! What a reader may ask beside queries: plans, catalogs, what is no reading, and names that are not there.

use super::dice::Dice;
use super::queries::{Queries, Query};
use super::reader::{Case, PURPOSE};
use tidegate_records::tables::TABLES;

/// One statement of a reader.
pub enum Statement {
    /// A query, to be compared with the same over copies.
    Query(Query),
    /// A query of `information_schema`, to be compared with what the reader should be told.
    Catalog(String),
    /// The plan of a query, as `EXPLAIN …` asks for it.
    Plan { how: &'static str, query: Query },
    /// What is always refused.
    Refused(String),
    /// What names a table or column that is hidden, and the same with a name that nothing has.
    Names { hidden: (String, &'static str), absent: String },
}

/// A name that nothing has.
pub const ABSENT: &str = "no_such_name";

const PLANS: &[&str] = &["EXPLAIN", "EXPLAIN ANALYZE", "EXPLAIN VERBOSE"];

/// Statements about a table that do not read it, or not as it is.
const REFUSED: &[&str] = &[
    "SET datafusion.explain.show_statistics = true",
    "SET TIME ZONE 'UTC'",
    "RESET datafusion.explain.show_statistics",
    "SHOW ALL",
    "SHOW datafusion.explain.show_statistics",
    "SHOW FUNCTIONS",
    "SHOW CREATE TABLE {}",
    "SELECT * FROM information_schema.df_settings",
    "SELECT * FROM information_schema.views",
    "COPY {} TO 'leak.parquet'",
    "COPY (SELECT * FROM {}) TO 'leak.csv'",
    "CREATE VIEW mine AS SELECT * FROM {}",
    "CREATE TABLE mine AS SELECT * FROM {}",
    "CREATE EXTERNAL TABLE mine STORED AS PARQUET LOCATION 'leak.parquet'",
    "DROP TABLE {}",
    "DROP VIEW {}",
    "ALTER TABLE {} RENAME TO mine",
    "INSERT INTO {} SELECT * FROM {}",
    "UPDATE {} SET month = '2026-01'",
    "DELETE FROM {}",
    "TRUNCATE TABLE {}",
    "PREPARE mine AS SELECT * FROM {}",
    "EXECUTE mine",
    "DEALLOCATE mine",
    "BEGIN",
    "COMMIT",
    "SELECT * FROM {} FOR SYSTEM_TIME AS OF '2026-01-01 00:00:00'",
    "SELECT * FROM {} VERSION AS OF 0",
    "SELECT * FROM {} TIMESTAMP AS OF '2026-01-01'",
    "SELECT * FROM {} AT (VERSION => 0)",
    "SELECT * FROM {}@v0",
    "SELECT * FROM \"{}@0\"",
    "SELECT * FROM table_changes('{}', 0)",
    "SELECT * FROM '{}/_delta_log/00000000000000000000.json'",
    "SELECT * FROM parquet_metadata('{}')",
    "SELECT * FROM datafusion.public.{}",
    "SELECT * FROM \"risk-analysis\".public.{}",
    "SELECT * FROM tidegate.information_schema.tables",
];

/// What a hidden table may be named in.
const OF_TABLES: &[&str] = &[
    "SELECT count(*) FROM {}",
    "SELECT count(*) FROM {purpose}.public.{}",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM {})",
    "DESCRIBE {}",
    "SHOW COLUMNS FROM {}",
    "SHOW CREATE TABLE {}",
    "EXPLAIN SELECT 1 FROM {}",
    "INSERT INTO {} VALUES (1)",
    "DELETE FROM {}",
    "DROP TABLE {}",
    "COPY {} TO 'leak.parquet'",
    "SELECT * FROM table_changes('{}', 0)",
];

/// What a hidden column of a table that is shown may be named in.
const OF_COLUMNS: &[&str] = &[
    "SELECT a.{} FROM {table} a",
    "SELECT count(*) FROM {table} a WHERE a.{} IS NULL",
    "SELECT a.month FROM {table} a ORDER BY a.{}",
    "SELECT max(a.{}) FROM {table} a",
    "SELECT count(*) FROM {table} a GROUP BY a.{}",
    "SELECT count(*) FROM {table} a JOIN {table} b ON a.{} = b.month",
];

const CATALOGS: &[&str] = &[
    "SHOW TABLES",
    "SHOW COLUMNS FROM {}",
    "SHOW COLUMNS FROM {purpose}.public.{}",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM {purpose}.information_schema.tables",
    "SELECT table_catalog, table_schema, count(*) FROM information_schema.columns GROUP BY table_catalog, table_schema",
    "SELECT table_name, column_name, ordinal_position, is_nullable, data_type, grade FROM information_schema.columns",
    "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = '{}'",
    "SELECT table_name, count(*), max(ordinal_position) FROM information_schema.columns GROUP BY table_name",
    "SELECT c.column_name, t.table_type FROM information_schema.columns c JOIN information_schema.tables t \
     ON c.table_name = t.table_name WHERE c.grade <> 'general-1' OR c.data_type LIKE 'Decimal%'",
    "SELECT count(*) FROM information_schema.columns WHERE column_name NOT IN (SELECT table_name FROM \
     information_schema.tables)",
];

impl Statement {
    pub const CATALOG: &'static str = "of catalogs";
    pub const PLAN: &'static str = "for plans";
    pub const REFUSED: &'static str = "that do not read";
    pub const NAMES: &'static str = "of hidden names";

    /// What it is, for the tally.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Query(query) => query.shape,
            Self::Catalog(_) => Self::CATALOG,
            Self::Plan { .. } => Self::PLAN,
            Self::Refused(_) => Self::REFUSED,
            Self::Names { .. } => Self::NAMES,
        }
    }

    /// Its text, for messages.
    pub fn text(&self) -> String {
        match self {
            Self::Query(query) => format!("{} {:?}", query.sql, query.parameters),
            Self::Plan { how, query } => format!("{how} {}", query.literal),
            Self::Catalog(sql) | Self::Refused(sql) | Self::Names { hidden: (sql, _), .. } => sql.clone(),
        }
    }

    /// Of forty statements some two are plans, two ask catalogs, and two should be refused; the others are queries.
    pub fn draw(case: &Case, dice: &mut Dice) -> Self {
        let tables: Vec<&str> = case.tables.keys().copied().collect();
        let table = *dice.pick(&tables);
        match dice.below(40) {
            0 => Self::Refused(dice.pick(REFUSED).replace("{}", table)),
            1 => names(case, table, dice),
            2 | 3 => Self::Catalog(dice.pick(CATALOGS).replace("{purpose}", PURPOSE).replace("{}", table)),
            4 | 5 => {
                Self::Plan { how: PLANS[dice.below(PLANS.len())], query: Queries::of(case, dice).query() }
            }
            _ => Self::Query(Queries::of(case, dice).query()),
        }
    }
}

fn names(case: &Case, table: &str, dice: &mut Dice) -> Statement {
    let hidden_tables: Vec<&'static str> =
        TABLES.iter().map(|table| table.name).filter(|name| !case.tables.contains_key(name)).collect();
    let shown = &case.tables[table].columns;
    let stored = TABLES.iter().find(|known| known.name == table).unwrap();
    let hidden_columns: Vec<&'static str> = stored
        .columns
        .iter()
        .map(|column| column.name)
        .filter(|column| shown.iter().all(|(name, ..)| name != column))
        .collect();
    let (template, hidden) = if dice.one_in(2) {
        (dice.pick(OF_TABLES).replace("{purpose}", PURPOSE), *dice.pick(&hidden_tables))
    } else {
        (dice.pick(OF_COLUMNS).replace("{table}", table), *dice.pick(&hidden_columns))
    };
    Statement::Names {
        hidden: (template.replace("{}", hidden), hidden),
        absent: template.replace("{}", ABSENT),
    }
}
