//! `tidegate tokens`.

use super::open;
use crate::arguments::{Arguments, CreateToken, Tokens};
use crate::show;
use tidegate_jobs::JobError;
use tidegate_jobs::tokens::{KnownToken, Made, Wanted, create, list, revoke};

pub async fn run(arguments: &Arguments, command: &Tokens) -> Result<(), JobError> {
    let home = open(arguments).await?;
    match command {
        Tokens::Create(new) => {
            let made = create(&home, &wanted(new)).await?;
            if arguments.json {
                return show::json(&made);
            }
            print_made(&made);
            return Ok(());
        }
        Tokens::List => {}
        Tokens::Revoke { number, reason } => revoke(&home, *number, reason).await?,
    }
    let all = list(&home).await?;
    if arguments.json {
        return show::json(&all);
    }
    print_all(&all);
    Ok(())
}

fn wanted(new: &CreateToken) -> Wanted {
    let purposes = Some(new.purposes.iter().cloned().collect());
    Wanted {
        principal: new.who.name.clone(),
        label: new.label.clone(),
        doors: new.doors.iter().copied().collect(),
        purposes: purposes.filter(|_| !new.purposes.is_empty()),
        days: new.days,
        reason: new.who.reason.clone(),
    }
}

fn print_made(made: &Made) {
    println!("Token {}, good until {}. It is not shown again:", made.number, show::moment(made.expires_at));
    println!("{}", made.token);
}

fn print_all(all: &[KnownToken]) {
    if all.is_empty() {
        println!("No token yet: make one with `tidegate tokens create`.");
    }
    for token in all {
        let doors = token.doors.iter().map(|door| door.as_str()).collect::<Vec<_>>().join(", ");
        let purposes = token.purposes.as_ref().map_or("any purpose".to_owned(), |purposes| {
            purposes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        });
        let used =
            token.last_used_at.map_or("never used".to_owned(), |at| format!("used {}", show::moment(at)));
        println!("{:>4}  {:<8} {} ({})", token.number, token.state, token.principal, token.label);
        println!("      {doors}; {purposes}; until {}; {used}", show::moment(token.expires_at));
    }
}
