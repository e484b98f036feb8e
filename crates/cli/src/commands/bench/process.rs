//! Peak memory and processor time of this process, as Linux tells them.

use std::fs;

/// Peak resident memory since the last reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Peak {
    /// Bytes.
    pub bytes: u64,
    /// Whether it is since the start of the program, because the system does not let it be reset.
    pub since_start: bool,
}

/// Starts a new peak; says whether the system allows it (Linux 4.0 and later, unless a sandbox forbids it).
pub fn reset() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The peak; nothing where the system does not tell.
pub fn peak(was_reset: bool) -> Option<Peak> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(Peak { bytes: high_water_mark(&status)?, since_start: !was_reset })
}

/// Processor time that all threads have used so far, in seconds; nothing where the system does not tell.
pub fn processor_seconds() -> Option<f64> {
    used_seconds(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// User and system time of a stat file; Linux shows them in hundredths of a second on every architecture.
fn used_seconds(stat: &str) -> Option<f64> {
    // The name of the program, in brackets, may hold anything; the state behind it is field 3.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut hundredths = || fields.next()?.parse::<u64>().ok();
    Some((hundredths()? + hundredths()?) as f64 / 100.0)
}

/// `VmHWM` of a status file, in bytes.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_from_a_stat_file() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 30 0 0 20 0 4 0 100 1000 10";
        assert_eq!(used_seconds(stat), Some(2.8));
        assert_eq!(used_seconds("7 (a) S 1"), None);
    }

    #[test]
    fn the_mark_is_read_from_a_status_file() {
        let status = "Name:\ttidegate\nVmPeak:\t  900 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 7 kB\n";
        assert_eq!(high_water_mark(status), Some(1_234 * 1024));
        assert_eq!(high_water_mark("Name:\ttidegate\n"), None);
        assert_eq!(high_water_mark("VmHWM:\tmany\n"), None);
    }
}
