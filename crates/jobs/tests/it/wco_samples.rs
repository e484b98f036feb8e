//! A trial on published messages, where they lie beside the repository.

use crate::place::Place;
use std::path::Path;
use tidegate_jobs::Format;

#[tokio::test]
async fn trial_every_sample_declaration_loads_and_every_other_message_is_set_aside_for_what_it_is() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/wco");
    if !samples.exists() {
        println!("trial left out: the folder shared/samples/wco is absent");
        return;
    }
    let place = Place::new().await;
    for (folder, accepted, quarantined) in [
        ("declarations", 8, 0),
        ("amend-cancel", 0, 4),
        ("sequence_TT_IM017a", 1, 11),
        ("notifications", 0, 7),
    ] {
        let counts = place.ingest_messages(&[samples.join(folder)], false).await.unwrap().counts;
        assert_eq!((counts.accepted, counts.quarantined), (accepted, quarantined), "{folder}");
        let errors: Vec<&String> = counts.findings.keys().filter(|f| f.starts_with("error")).collect();
        let expected: &[&str] = if quarantined > 0 { &["error message.not-a-declaration"] } else { &[] };
        assert_eq!(errors, expected, "{folder}");
    }
    let expected = std::fs::read_to_string(place.export(Format::Ndjson, "first.ndjson").await).unwrap();
    for (format, name) in [(Format::WcoXml, "out.xml"), (Format::Parquet, "out.parquet")] {
        let file = place.export(format, name).await;
        let second = Place::new().await;
        assert_eq!(second.ingest_messages(&[file], true).await.unwrap().counts.accepted, 9, "{format}");
        let again = std::fs::read_to_string(second.export(Format::Ndjson, "again.ndjson").await).unwrap();
        assert_eq!(again, expected, "{format}");
    }
}
