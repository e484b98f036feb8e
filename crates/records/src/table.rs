//! Table definitions: the single source of the lake's schema, the data dictionary and the default
//! classification. A column takes its type, WCO id and format from the class field it comes from.

use crate::class::{ClassDefinition, FieldDefinition, FieldKind, LeafKind};
use crate::path::{ParsePathError, Path};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// Total digits and digits after the point of money (`n..16,3`).
pub const AMOUNT_DECIMALS: (u8, i8) = (19, 3);
/// Total digits and digits after the point of masses, quantities and rates (`n..16,6`).
pub const MEASURE_DECIMALS: (u8, i8) = (22, 6);

/// Business domain a table belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Declarations and goods items.
    Declaration,
    /// Inspections and their findings.
    Inspection,
    /// Enterprises and their grades.
    Enterprise,
    /// Assessments and decisions.
    Risk,
    /// Loads, quarantine and findings about data.
    Quality,
    /// What codes mean.
    Reference,
}

/// Default grade of a column under GB/T 43697-2024; general data is split into levels 1 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// May be published.
    #[serde(rename = "general-1")]
    General1,
    /// Internal.
    #[serde(rename = "general-2")]
    General2,
    /// About one enterprise's trade.
    #[serde(rename = "general-3")]
    General3,
    /// Identifies or concerns a person, or reveals how risk is assessed.
    #[serde(rename = "general-4")]
    General4,
    /// May harm the national economy or public interest when it leaks.
    Important,
    /// Bears on national security; never leaves the customs network.
    Core,
}

impl Domain {
    /// Name in policies and in the catalog.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declaration => "declaration",
            Self::Inspection => "inspection",
            Self::Enterprise => "enterprise",
            Self::Risk => "risk",
            Self::Quality => "quality",
            Self::Reference => "reference",
        }
    }
}

impl Grade {
    /// All grades, the lowest first.
    pub const ALL: [Self; 6] =
        [Self::General1, Self::General2, Self::General3, Self::General4, Self::Important, Self::Core];

    /// Its place among the grades, from 1.
    pub fn level(self) -> i64 {
        self as i64 + 1
    }

    /// The grade of a name, as [`Grade::as_str`] gives it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.as_str() == name)
    }

    /// Name in the dictionary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General1 => "general-1",
            Self::General2 => "general-2",
            Self::General3 => "general-3",
            Self::General4 => "general-4",
            Self::Important => "important",
            Self::Core => "core",
        }
    }
}

/// Where a column's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Part of the key or provenance of the row, given when the row is written.
    Key(Key),
    /// A text, count, decimal or moment at a path.
    Leaf(&'static str),
    /// Value of the amount or measure at a path.
    Value(&'static str),
    /// Currency of the amount or unit of the measure at a path.
    Unit(&'static str),
    /// Value in kilograms of the mass at a path, whose unit is always `KGM`.
    Kilograms(&'static str),
    /// First six digits of the code at a path.
    Hs6(&'static str),
    /// All occurrences of the repeating class at a path.
    List(&'static str),
    /// Every value that has no column of its own, with its path.
    Other,
    /// Computed by the platform, not part of any record.
    Computed(Computed),
    /// What a code list tells of a code.
    Listed(Listed),
}

/// What a code list, which is compiled in, tells of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Name of the list.
    List,
    /// The code.
    Code,
    /// What it stands for.
    Name,
    /// First day on which it may be used.
    ValidFrom,
    /// First day after the last.
    ValidUntil,
}

impl Listed {
    /// Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::List | Self::Code | Self::Name => DataType::Utf8,
            Self::ValidFrom | Self::ValidUntil => DataType::Date32,
        }
    }

    /// Whether a row may lack it.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::ValidFrom | Self::ValidUntil)
    }
}

/// Type of a computed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Computed {
    /// Text that every row has.
    Text,
    /// Text that a row may lack.
    OptionalText,
    /// A 64-bit integer.
    Integer,
    /// A 64-bit integer that a row may lack.
    OptionalInteger,
    /// A 64-bit float, kept to the last bit.
    Real,
    /// A 64-bit float that a row may lack.
    OptionalReal,
    /// A truth value.
    Flag,
    /// A moment in UTC.
    Moment,
    /// Texts, such as the ids of rules.
    Texts,
    /// 32-bit floats, such as a row of features.
    Features,
    /// Reasons of a decision: see [`reason_fields`].
    Reasons,
}

impl Computed {
    /// Arrow type.
    pub fn data_type(self) -> DataType {
        let list = |item| DataType::List(Arc::new(Field::new("element", item, false)));
        match self {
            Self::Text | Self::OptionalText => DataType::Utf8,
            Self::Integer | Self::OptionalInteger => DataType::Int64,
            Self::Real | Self::OptionalReal => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Moment => scalar_type(LeafKind::Time),
            Self::Texts => list(DataType::Utf8),
            Self::Features => list(DataType::Float32),
            Self::Reasons => list(DataType::Struct(reason_fields())),
        }
    }
}

impl Computed {
    /// Whether a row may lack it.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::OptionalText | Self::OptionalInteger | Self::OptionalReal)
    }
}

/// Fields of one reason: goods item (none for the whole declaration), `model` or `rule`, name of the feature or rule, what
/// it moved the log-odds by (none for a rule), and the sentence.
pub fn reason_fields() -> Fields {
    Fields::from(vec![
        Field::new("goods_item_seq", DataType::Int64, true),
        Field::new("kind", DataType::Utf8, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("contribution", DataType::Float64, true),
        Field::new("sentence", DataType::Utf8, false),
    ])
}

/// Key and provenance columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Calendar month of acceptance, the partition.
    Month,
    /// Name of the declaration.
    DeclarationId,
    /// Version of the declaration, from 1.
    VersionNumber,
    /// Load that brought the row.
    LoadId,
    /// Position of the record in its source, from 1.
    SourceRow,
    /// When the load began: of what says something else of the same, the newest holds.
    LoadedAt,
}

impl Key {
    /// Element of a record of its own class that says the same, where the class has it: it is not kept again.
    pub fn element(self) -> Option<&'static str> {
        match self {
            Self::DeclarationId => Some("DeclarationID"),
            Self::VersionNumber => Some("VersionNumeric"),
            Self::Month | Self::LoadId | Self::SourceRow | Self::LoadedAt => None,
        }
    }
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Lake column: snake case, domain first, unit last.
    pub name: &'static str,
    /// Where the value comes from.
    pub source: Source,
    /// Unit of the value, when it has one.
    pub unit: Option<&'static str>,
    /// Default grade.
    pub grade: Grade,
    /// One sentence; empty to take the sentence of the class field.
    pub description: &'static str,
}

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Name in the lake and in SQL.
    pub name: &'static str,
    /// Business domain.
    pub domain: Domain,
    /// The department that answers for it, by the names that headers of datasets have.
    pub owner: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Class whose instances are the rows.
    pub class: &'static ClassDefinition,
    /// Columns in order.
    pub columns: &'static [Column],
    /// Repeating classes below `class` that are tables of their own.
    pub elsewhere: &'static [&'static str],
    /// Columns whose least and greatest value are kept for each file, so that reading can skip files.
    pub statistics: &'static [&'static str],
}

impl Column {
    /// Class field the column comes from, with its path.
    ///
    /// # Errors
    /// When the definition names a path that does not exist.
    pub fn field(
        &self,
        class: &'static ClassDefinition,
    ) -> Result<Option<(Path, &'static FieldDefinition)>, ParsePathError> {
        match self.source {
            Source::Key(_) | Source::Other | Source::Computed(_) | Source::Listed(_) => Ok(None),
            Source::List(path) => Path::parse_to(class, path).map(Some),
            Source::Leaf(path)
            | Source::Value(path)
            | Source::Unit(path)
            | Source::Kilograms(path)
            | Source::Hs6(path) => Path::parse_leaf(class, path).map(Some),
        }
    }

    /// WCO id of the field the column comes from.
    pub fn wco_id(&self, class: &'static ClassDefinition) -> Option<&'static str> {
        let (_, field) = self.field(class).ok()??;
        (!field.is_extension()).then_some(field.id)
    }

    /// Path of the field the column comes from.
    pub fn path(&self) -> Option<&'static str> {
        match self.source {
            Source::Key(_) | Source::Other | Source::Computed(_) | Source::Listed(_) => None,
            Source::List(p)
            | Source::Leaf(p)
            | Source::Value(p)
            | Source::Unit(p)
            | Source::Kilograms(p)
            | Source::Hs6(p) => Some(p),
        }
    }

    /// Arrow type.
    pub fn data_type(&self, class: &'static ClassDefinition) -> DataType {
        match self.source {
            Source::Key(Key::SourceRow | Key::VersionNumber) => DataType::Int64,
            Source::Key(Key::LoadedAt) => scalar_type(LeafKind::Time),
            Source::Key(_) | Source::Unit(_) | Source::Hs6(_) => DataType::Utf8,
            Source::Kilograms(_) => DataType::Decimal128(MEASURE_DECIMALS.0, MEASURE_DECIMALS.1),
            Source::Other => DataType::List(other_values_item()),
            Source::Computed(computed) => computed.data_type(),
            Source::Listed(listed) => listed.data_type(),
            Source::Leaf(path) | Source::Value(path) | Source::List(path) => Path::parse_to(class, path)
                .map_or(DataType::Null, |(_, field)| match field.kind {
                    FieldKind::Leaf { kind, .. } => scalar_type(kind),
                    FieldKind::One(c) | FieldKind::Many(c) => DataType::List(list_item(c)),
                }),
        }
    }

    /// Sentence for the dictionary.
    pub fn sentence(&self, class: &'static ClassDefinition) -> &'static str {
        match self.field(class) {
            Ok(Some((_, field))) if self.description.is_empty() => field.description,
            _ => self.description,
        }
    }
}

impl Table {
    /// Arrow schema; each field carries description, WCO id, unit and grade as metadata.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns.iter().map(|c| self.arrow_field(c)).collect();
        Arc::new(Schema::new(fields))
    }

    fn arrow_field(&self, column: &Column) -> Field {
        let nullable = match column.source {
            // Rows that were loaded before there was such a column have none.
            Source::Key(Key::LoadedAt) => true,
            Source::Key(_) | Source::List(_) | Source::Other => false,
            Source::Computed(computed) => computed.is_optional(),
            Source::Listed(listed) => listed.is_optional(),
            _ => true,
        };
        let mut metadata = HashMap::from([
            ("comment".to_owned(), column.sentence(self.class).to_owned()),
            ("tidegate.grade".to_owned(), column.grade.as_str().to_owned()),
        ]);
        if let Some(id) = column.wco_id(self.class) {
            metadata.insert("tidegate.wco_id".to_owned(), id.to_owned());
        }
        if let Some(unit) = column.unit {
            metadata.insert("tidegate.unit".to_owned(), unit.to_owned());
        }
        Field::new(column.name, column.data_type(self.class), nullable).with_metadata(metadata)
    }

    /// Whether its rows are compiled in. No lake stores them: nothing of it is loaded, kept for a time, held or erased.
    pub fn is_built_in(&self) -> bool {
        self.columns.iter().all(|column| matches!(column.source, Source::Listed(_)))
    }

    /// Key of the table that says what an element of the class says.
    pub fn key_of(&self, element: &str) -> Option<Key> {
        self.columns.iter().find_map(|column| match column.source {
            Source::Key(key) if key.element() == Some(element) => Some(key),
            _ => None,
        })
    }

    /// Column of a name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.name == name)
    }
}

/// Arrow type of the value of a leaf; an amount or a measure gives the type of its number.
pub fn scalar_type(kind: LeafKind) -> DataType {
    match kind {
        LeafKind::Text => DataType::Utf8,
        LeafKind::Count => DataType::Int64,
        LeafKind::Amount => DataType::Decimal128(AMOUNT_DECIMALS.0, AMOUNT_DECIMALS.1),
        LeafKind::Decimal | LeafKind::Measure => DataType::Decimal128(MEASURE_DECIMALS.0, MEASURE_DECIMALS.1),
        LeafKind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// Item of a list column of a repeating class: a struct with the fields of the class, nested classes as structs.
pub fn list_item(class: &'static ClassDefinition) -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(struct_fields(class)), false))
}

/// Struct fields of a class; an amount or a measure becomes two fields, value and unit.
pub fn struct_fields(class: &'static ClassDefinition) -> Fields {
    let mut fields = Vec::new();
    for field in class.fields {
        match field.kind {
            FieldKind::Leaf { kind, .. } => {
                fields.push(Field::new(field.name, scalar_type(kind), true));
                if let Some(unit) = unit_name(field, kind) {
                    fields.push(Field::new(unit, DataType::Utf8, true));
                }
            }
            FieldKind::One(child) => {
                fields.push(Field::new(field.name, DataType::Struct(struct_fields(child)), false));
            }
            FieldKind::Many(child) => {
                fields.push(Field::new(field.name, DataType::List(list_item(child)), false));
            }
        }
    }
    Fields::from(fields)
}

fn unit_name(field: &FieldDefinition, kind: LeafKind) -> Option<String> {
    match kind {
        LeafKind::Amount => Some(format!("{}_currency", field.name)),
        LeafKind::Measure => Some(format!("{}_unit", field.name)),
        _ => None,
    }
}

/// Fields of one value without a column of its own: path, value, unit.
pub fn other_values_fields() -> Fields {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Fields::from(vec![text("path", false), text("value", false), text("unit", true)])
}

/// Item of the column that keeps values without a column of their own.
pub fn other_values_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(other_values_fields()), false))
}
