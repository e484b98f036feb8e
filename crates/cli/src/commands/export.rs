//! `tidegate export`.

use super::open;
use crate::arguments::{Arguments, Export, ExportFormat};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{Format, JobError, export};

pub async fn run(arguments: &Arguments, command: &Export) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let format = match command.format {
        ExportFormat::WcoXml => Format::WcoXml,
        ExportFormat::Ndjson => Format::Ndjson,
        ExportFormat::Parquet => Format::Parquet,
    };
    let condition = command.condition.as_deref();
    let exported = export(&home, format, condition, &command.out, &mut Bars::new()).await?;
    if arguments.json {
        return show::json(&exported);
    }
    println!("Exported {} declarations to {}", show::count(exported.declarations), command.out.display());
    println!("  goods items      {:>12}", show::count(exported.goods_items));
    Ok(())
}
