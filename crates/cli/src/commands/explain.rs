//! `tidegate explain`.

use super::{input, open};
use crate::arguments::{Arguments, Explain};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{Explanation, JobError, explain};

pub async fn run(arguments: &Arguments, command: &Explain) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let input = input(&home, &command.input)?;
    let (bundle, hash) = home.bundle(command.which.bundle.as_deref()).await?;
    let reasons = command.reasons.unwrap_or(home.configuration.explain.reasons);
    let found = explain(&bundle, &input, &command.id, reasons, &mut Bars::new())?;
    if arguments.json {
        return show::json(&found);
    }
    println!("Declaration {}, bundle {}", command.id, &hash.to_string()[..16]);
    for item in &found {
        print(item);
    }
    Ok(())
}

fn print(item: &Explanation) {
    println!(
        "\nGoods item {}: probability of a discrepancy {:.1} %",
        item.goods_item,
        item.probability * 100.0
    );
    for reason in &item.reasons {
        let direction = if reason.contribution > 0.0 { "raises" } else { "lowers" };
        println!("  {direction} by {:>5.2}  {}", reason.contribution.abs(), reason.sentence);
    }
}
