//! Arguments of `people` and `tokens`.

use clap::{Args, Subcommand};
use tidegate_jobs::people::Clearance;
use tidegate_jobs::tokens::Door;

/// What to do with persons and services.
#[derive(Debug, Subcommand)]
pub enum People {
    /// Add a person, or a service that acts under a name of its own
    #[command(
        after_help = "As soon as there is a person besides the owner of this machine, bundles and policies take two.\n\n\
        Examples:\n  \
        tidegate people add Ana --role officer --office KR-020 --clearance general-3 --reason \"starts on 1 December\"\n  \
        tidegate people add nightly-export --service --role scientist --clearance general-2 --reason \"request 2026-118\""
    )]
    Add(AddPerson),
    /// List everybody
    List,
    /// Show one of them
    Show {
        /// Name
        name: String,
    },
    /// Change roles and standing, effective at once
    #[command(after_help = "What is left out stays; an empty text takes away.\n\nExamples:\n  \
        tidegate people change Ana --role officer --role analyst --reason \"analyst as well\"\n  \
        tidegate people change Ana --office \"\" --clearance general-1 --reason \"leaves the office\"")]
    Change(ChangePerson),
    /// Disable somebody and all of their tokens from now on; what they did stays under their name
    Disable(NameAndReason),
    /// Let somebody act again who was disabled, with roles, password and identities; tokens of before are revoked
    #[command(after_help = "Example:\n  tidegate people enable Ana --reason \"is back\"")]
    Enable(NameAndReason),
    /// Set the password of a person, which ends their sessions; read without echo, or the first line of standard input
    #[command(after_help = "At least 15 characters. Only an argon2id hash is stored.\n\nExamples:\n  \
        tidegate people password Ana --reason \"first password\"\n  \
        pass customs/ana | tidegate people password Ana --reason \"first password\"")]
    Password(NameAndReason),
    /// Say that an identity at the provider of single sign-on is this person's
    #[command(
        after_help = "The subject is what the provider calls the person, in the claim `sub`. Whoever signs on and is known \
        to nobody is told it,\nand it stands in the audit chain: tidegate audit log --event denied\n\nExample:\n  \
        tidegate people link Ana --subject 5f3c0a9e --reason \"her account at the ministry\""
    )]
    Link(NamedIdentity),
    /// Say that an identity is not this person's any more; sessions that began with it go on until they end
    Unlink(NamedIdentity),
}

/// An identity at a provider of single sign-on, and whose it is.
#[derive(Debug, Args)]
pub struct NamedIdentity {
    /// Who and why.
    #[command(flatten)]
    pub who: NameAndReason,
    /// What the provider calls the person
    #[arg(long, value_name = "TEXT")]
    pub subject: String,
    /// The provider; the configured one when left out
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
}

/// A name, and why something is done to it.
#[derive(Debug, Args)]
pub struct NameAndReason {
    /// Name
    pub name: String,
    /// Why; stands in the audit chain
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Roles and standing.
#[derive(Debug, Args)]
pub struct Standing {
    /// Role, as the policy in force names it; once for each, all of them
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Customs office
    #[arg(long, value_name = "ID")]
    pub office: Option<String>,
    /// Organisation, such as another authority
    #[arg(long, value_name = "NAME")]
    pub organisation: Option<String>,
    /// Enterprise that it speaks for, as in declarations
    #[arg(long, value_name = "ID")]
    pub enterprise: Option<String>,
    /// Up to which grade it may be shown data: general-1 to general-4, important, core
    #[arg(long, value_name = "GRADE")]
    pub clearance: Option<Clearance>,
}

/// Arguments of `people add`.
#[derive(Debug, Args)]
pub struct AddPerson {
    /// Who and why.
    #[command(flatten)]
    pub who: NameAndReason,
    /// It is a service, no person
    #[arg(long)]
    pub service: bool,
    /// Standing.
    #[command(flatten)]
    pub standing: Standing,
}

/// Arguments of `people change`.
#[derive(Debug, Args)]
pub struct ChangePerson {
    /// Who and why.
    #[command(flatten)]
    pub who: NameAndReason,
    /// Take away all roles
    #[arg(long, conflicts_with = "roles")]
    pub no_roles: bool,
    /// Standing.
    #[command(flatten)]
    pub standing: Standing,
}

/// What to do with API tokens.
#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// Make a token; it is shown once
    #[command(
        after_help = "Whoever has the token acts as the person or service that it is made for, at the doors and for the \
        purposes given.\n\nExample:\n  \
        tidegate tokens create nightly-export --label \"statistics server\" --door flight --purpose research --days 90 \
        --reason \"request 2026-118\""
    )]
    Create(CreateToken),
    /// List tokens, without their secrets
    List,
    /// Revoke a token from now on
    Revoke {
        /// Number of the token
        number: i64,
        /// Why; stands in the audit chain
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Arguments of `tokens create`.
#[derive(Debug, Args)]
pub struct CreateToken {
    /// Who and why.
    #[command(flatten)]
    pub who: NameAndReason,
    /// What it is for, in words
    #[arg(long, value_name = "TEXT")]
    pub label: String,
    /// Door that it opens; once for each: http, postgres, flight; all three when left out. The command line asks for no token
    #[arg(long = "door", value_name = "DOOR", default_values = ["http", "postgres", "flight"])]
    pub doors: Vec<Door>,
    /// Purpose that it may be used for, as the policy in force has it; once for each, any when left out
    #[arg(long = "purpose", value_name = "TEXT")]
    pub purposes: Vec<String>,
    /// Days until it ends; at most as configured
    #[arg(long, default_value_t = 90, value_name = "N")]
    pub days: u32,
}
