//! Paths into a record (`GoodsShipment/GovernmentAgencyGoodsItem[2]/Origin/CountryCode`), and the WCO pointers
//! (`42A/67A/68A[2]/92A/063`) that findings and amendments use for the same places.

use crate::class::{
    Class, ClassDefinition, FieldDefinition, FieldKind, FieldMut, FieldRef, LeafMut, LeafRef,
};
use std::fmt;

/// Occurrences of one repeating class that a path may name.
pub const MAX_OCCURRENCE: usize = 9_999;

/// Why a text is not a path into a class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParsePathError {
    /// A step names no field of its class.
    #[error("`{class}` has no field `{step}`{hint}")]
    NoSuchField {
        /// Class reached so far.
        class: &'static str,
        /// Step as written.
        step: String,
        /// Nearest field, as a half sentence.
        hint: String,
    },
    /// The path goes on after a leaf, or ends at a class where a leaf is needed.
    #[error("`{0}` does not end at a value; it goes on below a value or stops at a class")]
    NotALeaf(String),
    /// An occurrence is not a number from 1, or the field does not repeat.
    #[error("`{0}` has an occurrence that is not [1] to [{MAX_OCCURRENCE}], or its field does not repeat")]
    BadOccurrence(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Step {
    /// Position in the fields of the class.
    field: usize,
    /// Occurrence from 0; 0 too where the field does not repeat.
    occurrence: usize,
}

/// A path from a root class to one of its fields, checked when it is parsed.
#[derive(Clone, PartialEq, Eq)]
pub struct Path {
    root: &'static str,
    steps: Vec<Step>,
    text: String,
    id: &'static str,
}

impl Path {
    /// Parses a path of element or field names below `root`; an occurrence counts from 1 and is 1 when left out.
    ///
    /// # Errors
    /// When a step names no field, or an occurrence is out of range.
    pub fn parse(root: &'static ClassDefinition, text: &str) -> Result<Self, ParsePathError> {
        let (path, _) = Self::parse_to(root, text)?;
        Ok(path)
    }

    /// Parses a path that ends at a leaf, and gives the definition of that leaf.
    ///
    /// # Errors
    /// As [`Path::parse`], and when the path ends at a class.
    pub fn parse_leaf(
        root: &'static ClassDefinition,
        text: &str,
    ) -> Result<(Self, &'static FieldDefinition), ParsePathError> {
        let (path, field) = Self::parse_to(root, text)?;
        match field.kind {
            FieldKind::Leaf { .. } => Ok((path, field)),
            _ => Err(ParsePathError::NotALeaf(text.to_owned())),
        }
    }

    /// Parses a path and gives the definition of the field it ends at, leaf or class.
    ///
    /// # Errors
    /// As [`Path::parse`].
    pub fn parse_to(
        root: &'static ClassDefinition,
        text: &str,
    ) -> Result<(Self, &'static FieldDefinition), ParsePathError> {
        let mut class = Some(root);
        let mut steps = Vec::new();
        let mut last = None;
        for part in text.split('/') {
            let here = class.ok_or_else(|| ParsePathError::NotALeaf(text.to_owned()))?;
            let (name, occurrence) = split_occurrence(part, text)?;
            let field = here
                .fields
                .iter()
                .position(|f| f.element == name || f.name == name)
                .ok_or_else(|| no_such_field(here, name))?;
            let definition = &here.fields[field];
            class = match definition.kind {
                FieldKind::Leaf { .. } => None,
                FieldKind::One(c) | FieldKind::Many(c) => Some(c),
            };
            if occurrence > 0 && !matches!(definition.kind, FieldKind::Many(_)) {
                return Err(ParsePathError::BadOccurrence(text.to_owned()));
            }
            steps.push(Step { field, occurrence });
            last = Some(definition);
        }
        let field = last.ok_or_else(|| ParsePathError::NotALeaf(text.to_owned()))?;
        Ok((Self { root: root.name, steps, text: text.to_owned(), id: field.id }, field))
    }

    /// Path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// WCO id of the field the path ends at.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Value at the path, `None` where a repeating class has fewer occurrences.
    ///
    /// The record must be of the class the path was parsed for.
    pub fn leaf<'a>(&self, record: &'a dyn Class) -> Option<LeafRef<'a>> {
        match self.field(record)? {
            FieldRef::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// Field at the path, leaf or class; the last step ignores its occurrence.
    pub fn field<'a>(&self, record: &'a dyn Class) -> Option<FieldRef<'a>> {
        let (end, before) = self.steps.split_last()?;
        let mut class = self.checked(record);
        for step in before {
            class = match class.field(step.field) {
                FieldRef::Leaf(_) => return None,
                FieldRef::One(child) => child,
                FieldRef::Many(list) => list.get(step.occurrence)?,
            };
        }
        Some(class.field(end.field))
    }

    /// Field at the path to be set; missing occurrences before the last step are added.
    pub fn field_mut<'a>(&self, record: &'a mut dyn Class) -> Option<FieldMut<'a>> {
        self.checked(record);
        let (end, before) = self.steps.split_last()?;
        let mut class = record;
        for step in before {
            class = match class.field_mut(step.field) {
                FieldMut::Leaf(_) => return None,
                FieldMut::One(child) => child,
                FieldMut::Many(list) => {
                    while list.len() <= step.occurrence {
                        list.push();
                    }
                    list.get_mut(step.occurrence)?
                }
            };
        }
        Some(class.field_mut(end.field))
    }

    /// Value at the path to be set; missing occurrences are added.
    pub fn leaf_mut<'a>(&self, record: &'a mut dyn Class) -> Option<LeafMut<'a>> {
        match self.field_mut(record)? {
            FieldMut::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// Pointer by WCO ids to the place the path names.
    pub fn pointer(&self, root: &'static ClassDefinition) -> Pointer {
        let mut pointer = Pointer::root(root);
        let mut class = root;
        for step in &self.steps {
            let field = &class.fields[step.field];
            match field.kind {
                FieldKind::Leaf { .. } => pointer = pointer.leaf(field.id),
                FieldKind::One(child) => {
                    pointer = pointer.class(child.id, None);
                    class = child;
                }
                FieldKind::Many(child) => {
                    pointer = pointer.class(child.id, Some(step.occurrence));
                    class = child;
                }
            }
        }
        pointer
    }

    fn checked<'a>(&self, record: &'a dyn Class) -> &'a dyn Class {
        debug_assert_eq!(record.definition().name, self.root, "path {} used on another class", self.text);
        record
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.root, self.text)
    }
}

fn split_occurrence<'a>(part: &'a str, whole: &str) -> Result<(&'a str, usize), ParsePathError> {
    let Some((name, rest)) = part.split_once('[') else { return Ok((part, 0)) };
    let bad = || ParsePathError::BadOccurrence(whole.to_owned());
    let number: usize = rest.strip_suffix(']').ok_or_else(bad)?.parse().map_err(|_| bad())?;
    if (1..=MAX_OCCURRENCE).contains(&number) { Ok((name, number - 1)) } else { Err(bad()) }
}

fn no_such_field(class: &'static ClassDefinition, step: &str) -> ParsePathError {
    let nearest = nearest(step, class.fields.iter().map(|f| f.element));
    let hint = nearest.map(|n| format!("; `{n}` is the nearest")).unwrap_or_default();
    ParsePathError::NoSuchField { class: class.name, step: step.to_owned(), hint }
}

/// The candidate that differs least from what was written, when it differs by a third of its length or less.
pub fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|c| (edit_distance(&written.to_lowercase(), &c.to_lowercase()), c))
        .min()
        .filter(|(distance, c)| *distance * 3 <= c.len().max(written.len()))
        .map(|(_, c)| c)
}

/// Levenshtein distance over bytes.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// A place in a message by WCO ids, such as `42A/67A/68A[1]/23A/145`; occurrences count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(String);

impl Pointer {
    /// Pointer to a whole record.
    pub fn root(class: &ClassDefinition) -> Self {
        Self(class.id.to_owned())
    }

    /// Pointer to a nested class; `occurrence` counts from 0.
    #[must_use]
    pub fn class(&self, id: &str, occurrence: Option<usize>) -> Self {
        match occurrence {
            None => Self(format!("{}/{id}", self.0)),
            Some(index) => Self(format!("{}/{id}[{}]", self.0, index + 1)),
        }
    }

    /// Pointer to a leaf of the class pointed at.
    #[must_use]
    pub fn leaf(&self, id: &str) -> Self {
        Self(format!("{}/{id}", self.0))
    }

    /// The same place `later` occurrences further on in the repeating class `list`, such as `42A/67A/68A`; a
    /// pointer to elsewhere stays as it is.
    #[must_use]
    pub fn moved(self, list: &str, later: usize) -> Self {
        let Some((number, rest)) =
            self.0.strip_prefix(list).and_then(|t| t.strip_prefix('[')).and_then(|t| t.split_once(']'))
        else {
            return self;
        };
        match number.parse::<usize>() {
            Ok(number) => Self(format!("{list}[{}]{rest}", number + later)),
            Err(_) => self,
        }
    }

    /// Pointer as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Defined;
    use crate::model::Declaration;

    const ORIGIN: &str = "GoodsShipment/GovernmentAgencyGoodsItem[2]/Origin/CountryCode";

    #[test]
    fn a_path_reads_sets_and_points() {
        let (path, field) = Path::parse_leaf(Declaration::DEFINITION, ORIGIN).unwrap();
        assert_eq!(field.id, "063");
        let mut declaration = Declaration::default();
        assert!(path.leaf(&declaration).is_none());
        let Some(LeafMut::Text(slot)) = path.leaf_mut(&mut declaration) else { panic!("not text") };
        *slot = Some("CN".into());
        assert_eq!(declaration.goods_shipment.government_agency_goods_item.len(), 2);
        assert!(matches!(path.leaf(&declaration), Some(LeafRef::Text(Some("CN")))));
        assert_eq!(path.pointer(Declaration::DEFINITION).as_str(), "42A/67A/68A[2]/92A[1]/063");
    }

    #[test]
    fn a_pointer_moves_within_its_list_only() {
        let item = Pointer("42A/67A/68A[1]/23A/145".to_owned());
        assert_eq!(item.moved("42A/67A/68A", 2).as_str(), "42A/67A/68A[3]/23A/145");
        let header = Pointer("42A/67A/93A[1]/141".to_owned());
        assert_eq!(header.clone().moved("42A/67A/68A", 2), header);
    }

    #[test]
    fn a_wrong_path_says_what_is_near() {
        let error = Path::parse(Declaration::DEFINITION, "GoodsShipment/Importr/ID").unwrap_err();
        assert_eq!(error.to_string(), "`GoodsShipment` has no field `Importr`; `Importer` is the nearest");
        for bad in ["TypeCode/ID", "GoodsShipment[2]/Importer/ID", "AdditionalDocument[0]/ID", ""] {
            assert!(Path::parse(Declaration::DEFINITION, bad).is_err(), "{bad}");
        }
        assert!(Path::parse_leaf(Declaration::DEFINITION, "GoodsShipment").is_err());
    }
}
