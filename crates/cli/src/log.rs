//! The log: what went wrong inside, on standard error, for who runs the program. Readers are told a sentence instead.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Libraries are never asked for more than warnings: protocols and databases would log what they carry, passwords and tokens too.
const OF_LIBRARIES: LevelFilter = LevelFilter::WARN;

/// Starts the log, with what is at least as grave as a level.
pub fn start(level: LevelFilter) {
    let targets = Targets::new().with_default(level.min(OF_LIBRARIES)).with_target("tidegate", level);
    let lines = layer().with_writer(std::io::stderr).with_ansi(false).with_filter(targets);
    tracing_subscriber::registry().with(lines).init();
}
