//! `tidegate sql`.

use super::open;
use crate::arguments::{Arguments, Format, Sql};
use crate::output::Output;
use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_jobs::{JobError, flat, people};
use tidegate_ledger::Door;

pub async fn run(arguments: &Arguments, command: &Sql) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let account = match &command.reader {
        Some(name) => people::account(&home, name).await?,
        None => home.ledger.local_owner().await?,
    };
    let table_rows = home.configuration.sql.table_rows;
    let desk = Desk::new(home, Arc::new(super::now));
    let visit = Visit { account, token: None, door: Door::Cli, purpose: command.purpose.clone() };
    let answer = match desk.ask(&visit, &command.statement, None).await {
        Ok(served) => served.collect().await,
        Err(error) => Err(error),
    };
    desk.close().await;
    let batches = answer?;
    let format = if arguments.json { Format::Json } else { command.format };
    match format {
        Format::Table => print_table(&batches, command.limit.unwrap_or(table_rows)),
        Format::Csv => {
            let mut writer = arrow::csv::Writer::new(Output);
            Ok(batches.iter().try_for_each(|b| writer.write(&flat(b)?))?)
        }
        Format::Json => {
            let mut writer = arrow::json::LineDelimitedWriter::new(Output);
            batches.iter().try_for_each(|b| writer.write(b))?;
            Ok(writer.finish()?)
        }
    }
}

fn print_table(batches: &[RecordBatch], limit: usize) -> Result<(), JobError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mut left = if limit == 0 { rows } else { limit };
    let mut shown = Vec::new();
    for batch in batches {
        let take = batch.num_rows().min(left);
        left -= take;
        shown.push(batch.slice(0, take));
    }
    println!("{}", pretty_format_batches(&shown)?);
    if limit > 0 && rows > limit {
        println!("{limit} of {rows} rows; --limit 0 shows all");
    } else {
        println!("{rows} row{}", if rows == 1 { "" } else { "s" });
    }
    Ok(())
}
