//! What a column is about, in the terms that policies use. It follows from where the column's value comes from.

use crate::class::{ClassDefinition, FieldKind, LeafKind};
use crate::table::{Column, Domain, Grade, Source, Table, scalar_type};
use arrow::datatypes::DataType;

/// What a column is about (GB/T 43697-2024 classifies by business before it grades).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Names and numbers of enterprises: traders, carriers, agents, holders of authorisations.
    Party,
    /// Who a natural person is or what one did.
    Person,
    /// Goods, transport, places and procedures of a consignment.
    Consignment,
    /// Prices, values and duties: how much. The code of their currency says nothing of that, and is part of the consignment.
    Value,
    /// Documents, statements and values without a column of their own: nested, and of any content.
    Document,
    /// What inspections found and what became of consignments.
    Finding,
    /// How risk is assessed: scores, probabilities, draws, rules, reasons.
    Method,
    /// Keys of rows and where they came from.
    Provenance,
}

/// Classes of the record model that stand for a party.
pub const PARTY_CLASSES: &[&str] = &[
    "AEOMutualRecognitionParty",
    "Agent",
    "AuthorisationHolder",
    "Buyer",
    "Carrier",
    "Consignee",
    "Consignor",
    "Declarant",
    "DomesticDutyTaxParty",
    "Exporter",
    "Importer",
    "Payer",
    "Seller",
    "Submitter",
    "Surety",
];

/// Elements that say who a party is, in its class and those below it, such as its contact.
pub const PARTY_ELEMENTS: &[&str] = &["ID", "Name"];

/// Computed and extension columns that name a party.
const PARTY_COLUMNS: &[&str] =
    &["importer_id", "enterprise_id", "root_id", "site_id", "treatment_site_id", "warehouse_id"];

impl Category {
    /// All categories.
    pub const ALL: [Self; 8] = [
        Self::Party,
        Self::Person,
        Self::Consignment,
        Self::Value,
        Self::Document,
        Self::Finding,
        Self::Method,
        Self::Provenance,
    ];

    /// All categories, from the one that tells most to the one that tells least.
    const BY_TELLING: [Self; 8] = [
        Self::Person,
        Self::Party,
        Self::Method,
        Self::Finding,
        Self::Value,
        Self::Document,
        Self::Consignment,
        Self::Provenance,
    ];

    /// The one of two that tells more.
    #[must_use]
    pub fn more_telling(self, other: Self) -> Self {
        Self::BY_TELLING.into_iter().find(|category| [self, other].contains(category)).unwrap_or(self)
    }

    /// Name in policies and in the dictionary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Person => "person",
            Self::Consignment => "consignment",
            Self::Value => "value",
            Self::Document => "document",
            Self::Finding => "finding",
            Self::Method => "method",
            Self::Provenance => "provenance",
        }
    }

    /// The category of a name, as [`Category::as_str`] gives it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == name)
    }

    /// One phrase for the dictionary.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Party => "names and numbers of enterprises",
            Self::Person => "who a natural person is or what one did",
            Self::Consignment => "goods, transport, places and procedures of a consignment",
            Self::Value => "prices, values and duties",
            Self::Document => "documents, statements and other nested content",
            Self::Finding => "what inspections found and what became of consignments",
            Self::Method => "how risk is assessed: scores, probabilities, draws, rules, reasons",
            Self::Provenance => "keys of rows and where they came from",
        }
    }
}

impl Column {
    /// What the column is about.
    pub fn category(&self, table: &Table) -> Category {
        let path = self.path().unwrap_or_default();
        if self.name.starts_with("officer") {
            return Category::Person;
        }
        if path.split('/').any(is_party_class) && !path.ends_with("Code")
            || PARTY_COLUMNS.contains(&self.name)
            || (table.domain == Domain::Enterprise && self.name == "name")
        {
            return Category::Party;
        }
        match self.source {
            Source::Key(_) => Category::Provenance,
            Source::Value(_) if self.is_amount(table) => Category::Value,
            Source::List(_) if self.name == "duty_tax_fees" => Category::Value,
            Source::Computed(_) if table.domain == Domain::Risk => {
                if self.grade >= Grade::General4 {
                    Category::Method
                } else {
                    Category::Finding
                }
            }
            _ if table.domain == Domain::Inspection => Category::Finding,
            Source::List(_) | Source::Other => Category::Document,
            _ if table.domain == Domain::Quality => Category::Document,
            _ => Category::Consignment,
        }
    }

    /// Where parties are named within a list: names of fields from an element of the list down to the text. None of a column of
    /// single values.
    pub fn party_fields(&self, table: &Table) -> Vec<Vec<&'static str>> {
        let Source::List(path) = self.source else { return Vec::new() };
        let Ok(Some((_, field))) = self.field(table.class) else { return Vec::new() };
        let FieldKind::Many(class) = field.kind else { return Vec::new() };
        let mut found = Vec::new();
        collect_party_fields(class, path.split('/').any(is_party_class), &mut Vec::new(), &mut found);
        found
    }

    /// Whether the field it comes from is an amount of money.
    fn is_amount(&self, table: &Table) -> bool {
        let amount = scalar_type(LeafKind::Amount);
        let is = |data_type: &DataType| *data_type == amount;
        matches!(self.field(table.class), Ok(Some((_, field))) if matches!(
            field.kind,
            FieldKind::Leaf { kind, .. } if is(&scalar_type(kind))
        ))
    }
}

fn is_party_class(element: &str) -> bool {
    PARTY_CLASSES.contains(&element)
}

/// No class that occurs many times in an element of a list has a party in it.
fn collect_party_fields(
    class: &'static ClassDefinition,
    is_of_party: bool,
    way: &mut Vec<&'static str>,
    found: &mut Vec<Vec<&'static str>>,
) {
    for field in class.fields {
        way.push(field.name);
        match field.kind {
            FieldKind::Leaf { .. } if is_of_party && PARTY_ELEMENTS.contains(&field.element) => {
                found.push(way.clone());
            }
            FieldKind::One(child) => {
                collect_party_fields(child, is_of_party || is_party_class(field.element), way, found);
            }
            FieldKind::Leaf { .. } | FieldKind::Many(_) => {}
        }
        way.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::TABLES;

    fn of(table: &str, column: &str) -> Category {
        let table = TABLES.iter().find(|t| t.name == table).unwrap();
        table.column(column).unwrap().category(table)
    }

    #[test]
    fn categories_follow_from_where_values_come_from() {
        for (table, column, category) in [
            ("declaration", "importer_name", Category::Party),
            ("declaration", "authorisation_holders", Category::Party),
            ("declaration", "invoice_amount", Category::Value),
            ("declaration", "invoice_currency", Category::Consignment),
            ("goods_item", "customs_value_currency", Category::Consignment),
            ("declaration", "gross_mass_total", Category::Consignment),
            ("declaration", "exporter_country_code", Category::Consignment),
            ("declaration", "header_documents", Category::Document),
            ("declaration", "load_id", Category::Provenance),
            ("goods_item", "duty_tax_fees", Category::Value),
            ("goods_item", "commodity_description", Category::Consignment),
            ("inspection", "officer_id", Category::Person),
            ("inspection", "findings", Category::Finding),
            ("decision", "inclusion_probability", Category::Method),
            ("decision_item", "features", Category::Method),
            ("decision", "importer_id", Category::Party),
            ("enterprise", "name", Category::Party),
            ("quarantine", "raw", Category::Document),
            ("code", "name", Category::Consignment),
        ] {
            assert_eq!(of(table, column), category, "{table}.{column}");
        }
    }

    #[test]
    fn parties_in_lists_are_known_by_their_fields() {
        let mut named = Vec::new();
        for table in TABLES {
            for column in table.columns {
                let fields = column.party_fields(table).into_iter();
                named.extend(fields.map(|way| format!("{}.{}.{}", table.name, column.name, way.join("."))));
            }
        }
        assert_eq!(
            named,
            [
                "declaration.authorisation_holders.id",
                "declaration.header_documents.submitter.name",
                "declaration.header_documents.submitter.id",
                "goods_item.item_documents.submitter.name",
                "goods_item.item_documents.submitter.id",
            ]
        );
    }

    /// Whether a class has a party in it, or is one.
    fn has_party(class: &ClassDefinition) -> bool {
        class.fields.iter().any(|field| match field.kind {
            FieldKind::Leaf { .. } => false,
            FieldKind::One(child) | FieldKind::Many(child) => {
                is_party_class(field.element) || has_party(child)
            }
        })
    }

    #[test]
    fn lists_within_lists_name_no_party() {
        fn check(class: &'static ClassDefinition) {
            for field in class.fields {
                match field.kind {
                    FieldKind::Leaf { .. } => {}
                    FieldKind::One(child) => check(child),
                    FieldKind::Many(child) => {
                        assert!(!is_party_class(field.element) && !has_party(child), "{}", field.element);
                    }
                }
            }
        }
        for table in TABLES {
            for column in table.columns.iter().filter(|column| matches!(column.source, Source::List(_))) {
                let (_, field) = column.field(table.class).unwrap().unwrap();
                let FieldKind::Many(class) = field.kind else { panic!("{}", column.name) };
                check(class);
            }
        }
    }
}
