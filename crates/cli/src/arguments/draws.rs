//! Arguments of `draws`.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use tidegate_jobs::draws::Period;

/// What to do with the draws of a period.
#[derive(Debug, Subcommand)]
pub enum Draws {
    /// Open a period with two custodians: announce a public value, hand in shares, derive the key
    #[command(
        after_help = "On a machine of one person nothing needs to be opened: `decide` does it, and marks the period so. \
        Each custodian hands in a share of their own; its hash is printed and should be made public at once. When a \
        public value is announced, the key is derived from both shares and that value, which nobody knew before.\n\n\
        Examples:\n  \
        tidegate draws open 2026-12 --public-source \"lottery of 1 December\"\n  \
        tidegate draws open 2026-12 --custodian Ana --share ana.share\n  \
        tidegate draws open 2026-12 --custodian Bo --share bo.share\n  \
        tidegate draws open 2026-12 --public-value \"3 17 22 41\""
    )]
    Open(OpenDraws),
    /// Say how the periods stand: commitments, the last signed checkpoint, consignments that are open
    #[command(
        after_help = "With --json the checkpoints are printed whole. Whoever keeps them, and the public key, where the \
        authority has no hand can prove later that the log was changed.\n\n\
        Example:\n  tidegate draws status --json"
    )]
    Status,
    /// Make the key of a period public, when the period is over and every consignment drawn in it is closed
    #[command(
        after_help = "A consignment is closed when it is not selected, or its inspection has a result in the lake. \
        What is lodged about it later is drawn anew in a later period.\n\n\
        Example:\n  tidegate draws reveal 2026-11"
    )]
    Reveal(RevealDraws),
    /// Write the files of a revealed period from which anybody can draw again
    #[command(
        after_help = "The files are verified before they are written. Each period belongs into a folder of its own.\n\n\
        Example:\n  tidegate draws publish 2026-11 --out published/2026-11"
    )]
    Publish(PublishDraws),
    /// Draw again what was published, close every work list again, and say whether all of it holds; needs no home
    #[command(
        after_help = "Give the folders of all periods that there are: a work list may have rows of several. Ends with \
        exit code 1 and the place of the first fault when something was left out, altered, added or moved.\n\n\
        Examples:\n  \
        tidegate draws verify published/2026-10 published/2026-11\n  \
        tidegate draws verify published/* --public-key log.pub --kept checkpoints.json"
    )]
    Verify(VerifyDraws),
}

/// Arguments of `draws open`.
#[derive(Debug, Args)]
pub struct OpenDraws {
    /// Period, a calendar month (CCYY-MM)
    pub period: Period,
    /// Where the public value will come from; when the period is opened
    #[arg(long, value_name = "TEXT")]
    pub public_source: Option<String>,
    /// Who hands in a share
    #[arg(long, value_name = "NAME")]
    pub custodian: Option<String>,
    /// File with the share, 64 hexadecimal digits; random when left out
    #[arg(long, value_name = "FILE", requires = "custodian")]
    pub share: Option<PathBuf>,
    /// What the public source gave, after both shares are in
    #[arg(long, value_name = "TEXT")]
    pub public_value: Option<String>,
}

/// Arguments of `draws reveal`.
#[derive(Debug, Args)]
pub struct RevealDraws {
    /// Period (CCYY-MM)
    pub period: Period,
}

/// Arguments of `draws publish`.
#[derive(Debug, Args)]
pub struct PublishDraws {
    /// Period (CCYY-MM)
    pub period: Period,
    /// Folder for its two files
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Arguments of `draws verify`.
#[derive(Debug, Args)]
pub struct VerifyDraws {
    /// Folders of published periods
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// File with the public key of the log that was known before, 64 hexadecimal digits
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// File with a JSON list of checkpoints that were kept while periods were open
    #[arg(long, value_name = "FILE")]
    pub kept: Option<PathBuf>,
}
