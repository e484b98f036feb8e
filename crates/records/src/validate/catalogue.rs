//! The catalogue of findings: stable codes, their severity and what they mean.

use crate::finding::Severity::{self, Error, Info, Warning};

/// One kind of finding.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueEntry {
    /// Stable code.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it means.
    pub description: &'static str,
}

const fn entry(code: &'static str, severity: Severity, description: &'static str) -> CatalogueEntry {
    CatalogueEntry { code, severity, description }
}

/// Every finding there is, for the documents and for severities.
pub const CATALOGUE: &[CatalogueEntry] = &[
    entry(
        "key.missing",
        Error,
        "The declaration has neither a number of the authority (MRN) nor one of the declarant (LRN).",
    ),
    entry(
        "acceptance.missing",
        Error,
        "The declaration has no moment of acceptance, so it belongs to no month.",
    ),
    entry(
        "acceptance.assumed",
        Info,
        "The message had no moment of acceptance; the moment it was loaded was taken.",
    ),
    entry(
        "acceptance.kept",
        Info,
        "The message had no moment of acceptance; that of its declaration, as it was loaded before, was taken. A later \
         version without a moment of issue counts as issued when it was loaded.",
    ),
    entry("item.missing", Error, "An original declaration has no goods item."),
    entry("item.sequence", Error, "A goods item has no number, or the number of another item."),
    entry("item.count", Warning, "The number of goods items stated is not the number there is."),
    entry("item.commodity-missing", Warning, "A goods item has no commodity code."),
    entry("value.missing", Error, "The source has no value where every record needs one."),
    entry("value.unreadable", Error, "A text is not a number or date of the form the field needs."),
    entry("value.negative", Error, "A mass, quantity, price or rate is below zero."),
    entry("code.not-allowed", Error, "A code is not one of those that the field may have."),
    entry("range.reversed", Error, "The lower end of a range is above the upper one."),
    entry("declaration.unknown", Error, "No declaration of that name is loaded."),
    entry("value.zero", Warning, "A price or a mass is zero."),
    entry("mass.net-above-gross", Warning, "The net mass is greater than the gross mass."),
    entry("unit.not-kilograms", Error, "A mass is stated in another unit than kilograms (KGM)."),
    entry("format.length", Warning, "A text is longer than the WCO Data Model allows."),
    entry("format.digits-only", Warning, "A numeric code holds something else than digits."),
    entry("format.digits", Error, "A number has more digits than can be kept exactly."),
    entry("code.unknown", Warning, "A code is not in its code list."),
    entry("code.lapsed", Warning, "A code was not in force on the day of acceptance."),
    entry("commodity.format", Warning, "A commodity code does not start with six digits."),
    entry("package.bulk-count", Warning, "Bulk goods are declared with a number of packages."),
    entry("xml.not-well-formed", Error, "The text is not well-formed XML."),
    entry("xml.encoding", Error, "The text is not UTF-8."),
    entry(
        "xml.doctype-refused",
        Error,
        "The document has a document type declaration; entities are not expanded.",
    ),
    entry("xml.limit", Error, "The message passes a limit of depth, size or number."),
    entry("xml.unknown-element", Error, "The element is not part of its class."),
    entry("xml.duplicate-element", Error, "An element that may come once comes again."),
    entry("xml.unexpected-text", Error, "Text stands where only elements may."),
    entry("message.unknown-kind", Error, "The message is of a kind that is not read."),
    entry(
        "message.not-a-declaration",
        Error,
        "The message is an answer of the authority, or asks to amend, cancel or present an earlier declaration; \
         only whole declarations are loaded.",
    ),
    entry("json.not-well-formed", Error, "The text is not one well-formed JSON object."),
    entry("json.encoding", Error, "The record is not UTF-8."),
    entry("json.limit", Error, "The record passes a limit."),
    entry("json.unknown-key", Error, "The key is not part of its class."),
    entry("json.duplicate-key", Error, "A key comes twice."),
    entry("json.wrong-type", Error, "The value has another JSON type than the field."),
    entry("xml.empty-element", Warning, "An element holds nothing."),
    entry("xml.missing-format-code", Warning, "A moment has no formatCode."),
    entry("xml.undeclared-prefix", Warning, "A prefix is used that is not declared."),
    entry("json.empty-object", Warning, "An object holds nothing."),
    entry(
        "value.float-noise",
        Info,
        "A number carries the noise of a binary float; the number meant was taken, as the mapping says.",
    ),
    entry("xml.namespace", Info, "The namespace is missing or not one that is known."),
    entry("xml.unknown-attribute", Info, "The attribute is not one that is read."),
    entry("csv.field-count", Error, "A row has another number of fields than the header."),
    entry("csv.encoding", Error, "A row is not UTF-8."),
    entry("csv.header-missing", Error, "The file lacks columns that the mapping needs."),
    entry("record.too-long", Error, "A record is longer than the limit, or has more goods items."),
    entry("record.inconsistent", Error, "Rows of one declaration disagree about the declaration."),
    entry("record.duplicate", Error, "The source already had this version of the declaration."),
    entry("record.known", Error, "An earlier load brought this version of the declaration."),
];

/// Severity of a code; a code outside the catalogue counts as an error so that it cannot be overlooked.
pub(super) fn severity(code: &str) -> Severity {
    CATALOGUE.iter().find(|e| e.code == code).map_or(Error, |e| e.severity)
}
