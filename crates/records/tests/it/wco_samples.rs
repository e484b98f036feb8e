//! Trials over real messages; they tell when the samples are absent.

use crate::support::{files, read_xml, samples};

#[test]
fn show() {
    for folder in ["declarations", "amend-cancel", "sequence_TT_IM017a", "notifications", "malformed", "movements"] {
        let Some(folder) = samples(&format!("wco/{folder}")) else { return };
        for file in files(&folder) {
            println!("== {}", file.display());
            for m in read_xml(&std::fs::read(&file).unwrap()) {
                println!("  line {} raw {} {:?}", m.line, m.raw.len(), m.message.is_some());
                for f in m.findings { println!("   {f}"); }
            }
        }
    }
}
