//! Trials over real messages; they tell when the samples are absent.

use crate::support::{files, read_xml, samples};
use std::path::{Path, PathBuf};
use std::process::Command;
use tidegate_records::finding::has_error;
use tidegate_records::wco::{Message, ParsedMessage, write_document};

const WELL_FORMED: [&str; 4] = ["declarations", "amend-cancel", "sequence_TT_IM017a", "notifications"];

fn written(parsed: &ParsedMessage) -> Vec<u8> {
    let mut text = Vec::new();
    write_document(&mut text, &parsed.header, parsed.message.as_ref().unwrap()).unwrap();
    text
}

#[test]
fn trial_every_well_formed_sample_is_read_without_an_error_and_round_trips() {
    let Some(folder) = samples("wco") else { return };
    for file in WELL_FORMED.iter().flat_map(|name| files(&folder.join(name))) {
        let name = file.display();
        let text = std::fs::read(&file).unwrap();
        let read = read_xml(&text);
        assert_eq!(read.len(), 1, "{name}");
        assert!(!has_error(&read[0].findings), "{name}: {:?}", read[0].findings);
        assert!(!read[0].message.as_ref().unwrap().record().is_empty(), "{name}");
        assert!(text.windows(read[0].raw.len()).any(|w| w == read[0].raw), "{name}");
        let again = read_xml(&written(&read[0]));
        assert_eq!(again[0].findings, [], "{name}");
        assert_eq!((&again[0].message, &again[0].header), (&read[0].message, &read[0].header), "{name}");
    }
}

#[test]
fn trial_malformed_samples_get_the_right_code_at_the_right_line() {
    let Some(folder) = samples("wco/malformed") else { return };
    let cases: [(&str, &[(&str, u64)]); 4] = [
        ("double_hyphen_comment_TT_EX002a.xml", &[("xml.not-well-formed", 72)]),
        ("lost_prefix_mdMetaData.xml", &[("xml.not-well-formed", 2), ("xml.not-well-formed", 30)]),
        ("unknown_element_400.xml", &[("xml.unknown-element", 12)]),
        ("wrapped_submitDeclarationRequest.xml", &[]),
    ];
    for (name, expected) in cases {
        let read = read_xml(&std::fs::read(folder.join(name)).unwrap());
        assert_eq!(read.len(), 1, "{name}");
        assert!(read[0].message.is_some(), "{name}");
        let errors: Vec<_> = read[0].findings.iter().filter(|f| has_error(std::slice::from_ref(f))).collect();
        let found: Vec<_> = errors.iter().map(|f| (f.code, f.line.unwrap())).collect();
        assert_eq!(found, expected, "{name}: {errors:?}");
    }
}

#[test]
fn trial_movements_are_named_as_another_kind() {
    let Some(folder) = samples("wco/movements") else { return };
    for file in files(&folder) {
        let read = read_xml(&std::fs::read(&file).unwrap());
        let codes: Vec<_> = read.iter().flat_map(|p| &p.findings).map(|f| f.code).collect();
        assert_eq!(codes, ["message.unknown-kind"], "{}", file.display());
    }
}

/// What is written follows the published schemas, as what was read does.
#[test]
fn trial_what_is_written_is_valid_to_the_published_schemas() {
    let Some(folder) = samples("wco") else { return };
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not installed");
        return;
    }
    let work = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let declarations = ("urn:wco:datamodel:WCO:DEC-DMS:2", "declaration", "WCO_DEC_2_DMS.xsd");
    let responses = ("urn:wco:datamodel:WCO:RES-DMS:2", "notification", "WCO_RES_2_DMS.xsd");
    for name in WELL_FORMED {
        for file in files(&folder.join(name)) {
            let mut parsed = read_xml(&std::fs::read(&file).unwrap()).remove(0);
            // The senders' `v2.1` is longer than the three characters that the schema allows.
            parsed.header.agency_assigned_customization_version_code = Some("2.1".into());
            let is_declaration = matches!(parsed.message, Some(Message::Declaration(_)));
            let schema = schema(&folder, work, if is_declaration { declarations } else { responses });
            let path = work.join(file.file_name().unwrap());
            std::fs::write(&path, written(&parsed)).unwrap();
            let mut lint = Command::new("xmllint");
            let result =
                lint.args(["--noout", "--nonet", "--schema"]).arg(schema).arg(&path).output().unwrap();
            assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
        }
    }
}

/// Writes a schema that knows both the header and the message in it, which no published one does.
fn schema(folder: &Path, work: &Path, (namespace, kind, file): (&str, &str, &str)) -> PathBuf {
    let import = |namespace: &str, file: &str| {
        let file = folder.join("xsd").join(kind).join(file).canonicalize().unwrap();
        format!("<xs:import namespace=\"{namespace}\" schemaLocation=\"{}\"/>", file.display())
    };
    let header = import("urn:wco:datamodel:WCO:DocumentMetaData-DMS:2", "DocumentMetaData_2_DMS.xsd");
    let imports = header + &import(namespace, file);
    let path = work.join(format!("{kind}.xsd"));
    let text = format!("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">{imports}</xs:schema>");
    std::fs::write(&path, text).unwrap();
    path
}
