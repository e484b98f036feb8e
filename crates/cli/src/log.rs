//! The log: what went wrong inside, on standard error, for who runs the program. Readers are told a sentence instead.

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Libraries are never asked for more than warnings: protocols and databases would log what they carry, passwords and tokens too.
const OF_LIBRARIES: LevelFilter = LevelFilter::WARN;

/// Warn whenever they read a table with a column of which no least and greatest values are kept, or keep versions of one, which
/// nobody is to mend; shown to those who ask for more than warnings.
const TALKATIVE: [&str; 2] =
    ["deltalake_core::kernel::snapshot::stats_projection", "deltalake_core::operations::vacuum"];

/// Starts the log, with what is at least as grave as a level.
pub fn start(level: LevelFilter) {
    lines(level, std::io::stderr).init();
}

/// What writes the lines. The filter is that of all of it: a filter of one layer forgets to forget what it refused to the
/// `log` crate, whose records it is asked about one by one, and drops the next line of the same thread in its place.
fn lines<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let of_talkative = if level > LevelFilter::WARN { OF_LIBRARIES } else { level.min(LevelFilter::ERROR) };
    let targets = Targets::new()
        .with_default(level.min(OF_LIBRARIES))
        .with_targets(TALKATIVE.map(|target| (target, of_talkative)))
        .with_target("tidegate", level);
    tracing_subscriber::registry().with(targets).with(layer().with_writer(writer).with_ansi(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::sync::Mutex;

    #[test]
    fn what_nobody_is_to_mend_is_shown_to_those_who_ask_for_more() {
        let folder = tempfile::tempdir().unwrap();
        let logged = |level: LevelFilter| {
            let path = folder.path().join(level.to_string());
            let subscriber = lines(level, Mutex::new(File::create(&path).unwrap()));
            tracing::subscriber::with_default(subscriber, || {
                tracing::warn!(target: TALKATIVE[0], "a column without bounds");
                tracing::error!(target: TALKATIVE[0], "a table without columns");
            });
            std::fs::read_to_string(path).unwrap().lines().count()
        };
        let levels = [LevelFilter::OFF, LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::INFO];
        assert_eq!(levels.map(logged), [0, 1, 1, 2]);
    }

    #[test]
    fn no_line_is_lost_after_what_a_library_is_not_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        lines(LevelFilter::TRACE, Mutex::new(File::create(&path).unwrap())).init();
        log::set_max_level(log::LevelFilter::Trace);
        for line in ["one", "two", "three"] {
            log::debug!(target: "of_a_library", "hidden");
            log::warn!(target: "of_a_library", "shown");
            log::debug!(target: "of_a_library", "hidden");
            tracing::error!(line, "of ours");
        }
        let log = std::fs::read_to_string(path).unwrap();
        assert_eq!(log.matches("shown").count(), 3, "{log}");
        assert_eq!(log.matches("of ours").count(), 3, "{log}");
        assert!(!log.contains("hidden"), "{log}");
    }
}
