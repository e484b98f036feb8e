//! Arguments of `retention` and `grades`.

use chrono::NaiveDate;
use clap::{Args, Subcommand};

/// What to do with old rows.
#[derive(Debug, Subcommand)]
pub enum Retention {
    /// Say which rows are older than the section `retention` of the configuration keeps them
    Due,
    /// Erase what is due, with every byte of it; what is under a legal hold stays
    Run(Reason),
    /// Erase one declaration, or every declaration that names a party, from all tables, with records set aside that name it and
    /// what registers say of the party
    #[command(
        after_help = "A declaration that names the party goes whole, whoever lodged it and wherever it names it: as importer or carrier, \
        as holder of an authorisation, as submitter of a document.\n\n\
        Snapshots from before are forgotten, since they would still show the rows. Datasets that were made of the rows \
        are made anew, and their files of before removed. An erasure that broke off goes on when the same order is given \
        again.\n\nExamples:\n  \
        tidegate retention erase --declaration 12044526 --reason \"order 2026-77 of the court\"\n  \
        tidegate retention erase --party 91310000MA1FL0X12Y --reason \"request of the person\""
    )]
    Erase(EraseRows),
    /// List what was erased
    Certificates,
    /// Keep rows from being erased: those of a declaration or of a party in all tables, or those of days in one table
    #[command(
        after_help = "A hold by key keeps what each table has of the declaration, or of the declarations that name the party, and what \
        registers say of the party, whatever table is named. A hold on days keeps the rows of the table alone.\n\nExamples:\n  \
        tidegate retention hold declaration --key 91310000MA1FL0X12Y --reason \"case 2026-12\"\n  \
        tidegate retention hold inspection --from 2025-03-01 --to 2025-03-31 --reason \"case 2026-13\""
    )]
    Hold(HoldRows),
    /// Lift a legal hold
    Lift {
        /// Its number
        number: i64,
        /// Why.
        #[command(flatten)]
        reason: Reason,
    },
    /// List the legal holds that are in force
    Holds,
}

/// Why something is done.
#[derive(Debug, Args)]
pub struct Reason {
    /// Why; stands in the audit chain
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Arguments of `retention erase`.
#[derive(Debug, Args)]
pub struct EraseRows {
    /// Name of the declaration
    #[arg(long, value_name = "ID", required_unless_present = "party", conflicts_with = "party")]
    pub declaration: Option<String>,
    /// Number of an importer, exporter, agent or another party
    #[arg(long, value_name = "KEY")]
    pub party: Option<String>,
    /// Why.
    #[command(flatten)]
    pub reason: Reason,
}

/// Arguments of `retention hold`.
#[derive(Debug, Args)]
pub struct HoldRows {
    /// The table that it is about; with a key all others are held as well
    pub table: String,
    /// A declaration, or a party whose declarations are meant, in all tables
    #[arg(long, value_name = "KEY", required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    pub key: Option<String>,
    /// First day of acceptance, in the table; all of its month is kept
    #[arg(long, value_name = "DAY", requires = "to")]
    pub from: Option<NaiveDate>,
    /// Last day
    #[arg(long, value_name = "DAY", requires = "from")]
    pub to: Option<NaiveDate>,
    /// Why.
    #[command(flatten)]
    pub reason: Reason,
}

/// What to do with grades of columns.
#[derive(Debug, Subcommand)]
pub enum Grades {
    /// Look at values for what a column holds, in its lists too: identity numbers, credit codes, phones, cards, e-mail, names, addresses, coordinates
    Detect {
        /// The stored table or dataset; all when left out
        #[arg(long, value_name = "TABLE")]
        table: Option<String>,
    },
    /// Confirm grade and category of a column; it holds in every door at once
    #[command(
        after_help = "A column is graded as a whole, with all that is in its lists. A grade may be higher than that of the definition, \
        never lower.\n\nExample:\n  \
        tidegate grades confirm declaration.trader_reference --grade general-4 --category person --reason \"holds names\""
    )]
    Confirm(ConfirmGrade),
    /// List what was confirmed
    List,
}

/// Arguments of `grades confirm`.
#[derive(Debug, Args)]
pub struct ConfirmGrade {
    /// The column of a stored table or a dataset, as table.column
    pub column: String,
    /// Grade: general-1 to general-4, important or core; as it is when left out
    #[arg(long, value_name = "GRADE")]
    pub grade: Option<String>,
    /// What it is about: party, person, consignment, value, document, finding, method or provenance
    #[arg(long, value_name = "CATEGORY")]
    pub category: Option<String>,
    /// Why.
    #[command(flatten)]
    pub reason: Reason,
}
