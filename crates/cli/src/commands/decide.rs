//! `tidegate decide`.

use super::open;
use crate::arguments::{Arguments, Decide};
use crate::progress::Bars;
use crate::show;
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use tidegate_jobs::{DecideOptions, Decided, Home, JobError, decide, work_lists};

pub async fn run(arguments: &Arguments, command: &Decide) -> Result<(), JobError> {
    // What is decided stays decided, so a file that cannot be written is told before.
    let out = command.out.as_deref().map(Out::open).transpose()?;
    let home = open(arguments).await?;
    let options = DecideOptions {
        from: command.from,
        to: command.to,
        capacity: command.capacity,
        bundle: command.which.bundle.clone(),
        without_work_list: true,
    };
    let decided = decide(&home, &options, &mut Bars::new()).await?;
    let written = match out {
        Some(out) => Some(out.write(&home, &decided).await?),
        None => None,
    };
    if arguments.json {
        return show::json(&decided);
    }
    print(&decided);
    if let (Some(path), Some(written)) = (&command.out, written) {
        println!(
            "The work lists of these days are in {}: {} declaration versions, whenever they were decided",
            path.display(),
            show::count(written)
        );
    }
    Ok(())
}

/// Prints what was decided.
pub fn print(decided: &Decided) {
    println!(
        "Decided {} to {} (days of UTC) with bundle {}",
        decided.from,
        decided.to,
        &decided.bundle[..16]
    );
    println!(
        "  versions decided {:>12}   of {} declarations",
        show::count(decided.decided),
        show::count(decided.declarations)
    );
    if decided.decided == 0 {
        println!("Every declaration of these days was decided before.");
        return;
    }
    println!(
        "  on work lists    {:>12}   {}; of {} declarations",
        show::count(decided.selected),
        show::part(decided.selected, decided.decided),
        show::count(decided.selected_declarations)
    );
    println!("  slots            {:>12}   {}", show::count(decided.slots), asked(&decided.capacity));
    if decided.to_destination > 0 {
        println!(
            "  to destinations  {:>12}   special packaging; tidegate treatments follows it",
            show::count(decided.to_destination)
        );
    }
    println!("  beyond capacity  {:>12}", show::count(decided.shed));
    if decided.queued > 0 {
        println!("  protected queued {:>12}", show::count(decided.queued));
    }
    if decided.suppressed > 0 {
        println!("  kept by promise  {:>12}", show::count(decided.suppressed));
    }
    if decided.reopened_lists > 0 {
        println!(
            "  lists reopened   {:>12}   lodged late; they shared the slots of their days",
            show::count(decided.reopened_lists)
        );
    }
    println!("By lane:");
    for (lane, count) in &decided.lanes {
        println!("  {lane:<16} {:>12}   {}", show::count(*count), show::part(*count, decided.decided));
    }
    println!("Why they are on work lists (part of p that the draw fell into):");
    for (component, count) in &decided.components {
        println!("  {component:<16} {:>12}", show::count(*count));
    }
}

/// What slots were asked for, and what a share is at offices that are small.
fn asked(capacity: &str) -> String {
    if capacity.ends_with('%') {
        format!("asked {capacity} of an office's declarations; every office and day has at least one")
    } else {
        format!("asked {capacity} a day at each office")
    }
}

/// The file that work lists are written to: a temporary one in its folder, until everything is written.
struct Out {
    path: PathBuf,
    target: PathBuf,
    file: NamedTempFile,
}

impl Out {
    fn open(path: &Path) -> Result<Self, JobError> {
        let failed = JobError::file(path);
        // A link stays, and leads to the new file.
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let before = std::fs::metadata(&target).ok();
        if before.as_ref().is_some_and(|before| !before.is_file()) {
            return Err(failed(Error::new(
                ErrorKind::InvalidInput,
                "work lists are written to a file, and this is none",
            )));
        }
        if before.is_some() {
            OpenOptions::new().write(true).open(&target).map_err(failed)?;
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        // With the rights of any new file, which those of a temporary file are not, or those of the file that was there.
        let file = tempfile::Builder::new()
            .make_in(folder.unwrap_or_else(|| Path::new(".")), |path| {
                OpenOptions::new().write(true).create_new(true).open(path)
            })
            .map_err(failed)?;
        if let Some(before) = before {
            file.as_file().set_permissions(before.permissions()).map_err(failed)?;
        }
        Ok(Self { path: path.to_owned(), target, file })
    }

    /// Writes what is on the work lists of the days that were asked for, in place of what the file held.
    async fn write(self, home: &Home, decided: &Decided) -> Result<u64, JobError> {
        let Self { path, target, mut file } = self;
        let failed = JobError::file(&path);
        let mut writer = csv::Writer::from_writer(file.as_file_mut());
        let written = work_lists(home, decided.from, decided.to, |entry| {
            writer.serialize(entry).map_err(|error| failed(Error::other(error)))
        })
        .await?;
        writer.flush().map_err(failed)?;
        drop(writer);
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&target).map_err(|error| failed(error.error))?;
        Ok(written)
    }
}
