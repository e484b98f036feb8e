//! Reflection over the record model: every class of a record knows its WCO name, its WCO id and its fields, so
//! that each wire format, each table column, each pointer and the documents are made from one definition.

use crate::value::{Amount, Decimal, Measure, Text, Time};

/// What a leaf field holds, after the representation terms of the WCO Data Model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKind {
    /// Identifiers, codes, names and descriptions.
    Text,
    /// Sequence numbers and counts.
    Count,
    /// Rates and other plain numbers.
    Decimal,
    /// Money with its currency.
    Amount,
    /// A measured quantity with its unit.
    Measure,
    /// A moment in UTC.
    Time,
}

/// What a field is: a leaf, a class that occurs at most once, or a class that repeats.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// A value; `format` is the WCO format, such as `an..35` or `n..16,3`.
    Leaf {
        /// Type of the value.
        kind: LeafKind,
        /// Length and digits allowed.
        format: &'static str,
    },
    /// A nested class, empty when absent.
    One(&'static ClassDefinition),
    /// A nested class that repeats.
    Many(&'static ClassDefinition),
}

/// One field of a class.
#[derive(Debug, Clone, Copy)]
pub struct FieldDefinition {
    /// Name in Rust and in JSON.
    pub name: &'static str,
    /// XML element name in the WCO Data Model (or in our own namespace for ids that start with `X`).
    pub element: &'static str,
    /// WCO id: of the field for a leaf, of the class otherwise.
    pub id: &'static str,
    /// What the field is.
    pub kind: FieldKind,
    /// One sentence for dictionaries.
    pub description: &'static str,
}

impl FieldDefinition {
    /// Whether the field is an extension of ours rather than part of the WCO Data Model.
    pub fn is_extension(&self) -> bool {
        self.id.starts_with('X')
    }

    /// Whether a number may be below zero: temperatures may, quantities and amounts may not.
    pub fn may_be_negative(&self) -> bool {
        self.element.starts_with("Temperature")
    }

    /// Unit of a measure that comes without one: masses are in kilograms.
    pub fn default_unit(&self) -> Option<&'static str> {
        (self.element.ends_with("MassMeasure") || self.element.ends_with("WeightMeasure")).then_some("KGM")
    }
}

/// One class of the record model.
#[derive(Debug)]
pub struct ClassDefinition {
    /// WCO class name.
    pub name: &'static str,
    /// WCO class id, such as `68A`.
    pub id: &'static str,
    /// Fields in the order of the schema, which is the order they are written in.
    pub fields: &'static [FieldDefinition],
    /// One sentence for dictionaries.
    pub description: &'static str,
}

/// A leaf that can be read.
#[derive(Debug, Clone, Copy)]
pub enum LeafRef<'a> {
    /// See [`LeafKind::Text`].
    Text(Option<&'a str>),
    /// See [`LeafKind::Count`].
    Count(Option<u32>),
    /// See [`LeafKind::Decimal`].
    Decimal(Option<Decimal>),
    /// See [`LeafKind::Amount`].
    Amount(Option<&'a Amount>),
    /// See [`LeafKind::Measure`].
    Measure(Option<&'a Measure>),
    /// See [`LeafKind::Time`].
    Time(Option<Time>),
}

impl LeafRef<'_> {
    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(v) => v.is_none(),
            Self::Count(v) => v.is_none(),
            Self::Decimal(v) => v.is_none(),
            Self::Amount(v) => v.is_none(),
            Self::Measure(v) => v.is_none(),
            Self::Time(v) => v.is_none(),
        }
    }
}

/// A leaf that can be set.
#[derive(Debug)]
pub enum LeafMut<'a> {
    /// See [`LeafKind::Text`].
    Text(&'a mut Option<Text>),
    /// See [`LeafKind::Count`].
    Count(&'a mut Option<u32>),
    /// See [`LeafKind::Decimal`].
    Decimal(&'a mut Option<Decimal>),
    /// See [`LeafKind::Amount`].
    Amount(&'a mut Option<Amount>),
    /// See [`LeafKind::Measure`].
    Measure(&'a mut Option<Measure>),
    /// See [`LeafKind::Time`].
    Time(&'a mut Option<Time>),
}

impl LeafMut<'_> {
    /// Whether nothing is there yet.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(v) => v.is_none(),
            Self::Count(v) => v.is_none(),
            Self::Decimal(v) => v.is_none(),
            Self::Amount(v) => v.is_none(),
            Self::Measure(v) => v.is_none(),
            Self::Time(v) => v.is_none(),
        }
    }
}

/// A field that can be read.
#[derive(Clone, Copy)]
pub enum FieldRef<'a> {
    /// A value.
    Leaf(LeafRef<'a>),
    /// A class that occurs at most once.
    One(&'a dyn Class),
    /// A class that repeats.
    Many(&'a dyn Repeated),
}

/// A field that can be set.
pub enum FieldMut<'a> {
    /// A value.
    Leaf(LeafMut<'a>),
    /// A class that occurs at most once.
    One(&'a mut dyn Class),
    /// A class that repeats.
    Many(&'a mut dyn Repeated),
}

/// A class instance seen through its definition.
pub trait Class: std::fmt::Debug {
    /// Definition of the class.
    fn definition(&self) -> &'static ClassDefinition;
    /// Field at a position of `definition().fields`.
    fn field(&self, index: usize) -> FieldRef<'_>;
    /// Field at a position of `definition().fields`, to be set.
    fn field_mut(&mut self, index: usize) -> FieldMut<'_>;

    /// Whether no leaf below holds a value.
    fn is_empty(&self) -> bool {
        (0..self.definition().fields.len()).all(|index| match self.field(index) {
            FieldRef::Leaf(leaf) => leaf.is_empty(),
            FieldRef::One(class) => class.is_empty(),
            FieldRef::Many(list) => list.len() == 0,
        })
    }
}

/// The definition of a class without an instance.
pub trait Defined: Class + Default {
    /// Definition of the class.
    const DEFINITION: &'static ClassDefinition;
}

/// A repeating class seen through its definition.
pub trait Repeated {
    /// Occurrences.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Occurrence at a position from 0.
    fn get(&self, index: usize) -> Option<&dyn Class>;
    /// Occurrence at a position from 0, to be set.
    fn get_mut(&mut self, index: usize) -> Option<&mut dyn Class>;
    /// Adds an empty occurrence and gives it.
    fn push(&mut self) -> &mut dyn Class;
    /// Takes the last occurrence away.
    fn pop(&mut self);
}

impl<C: Class + Default> Repeated for Vec<C> {
    fn len(&self) -> usize {
        self.len()
    }
    fn get(&self, index: usize) -> Option<&dyn Class> {
        self.as_slice().get(index).map(|c| c as &dyn Class)
    }
    fn get_mut(&mut self, index: usize) -> Option<&mut dyn Class> {
        self.as_mut_slice().get_mut(index).map(|c| c as &mut dyn Class)
    }
    fn push(&mut self) -> &mut dyn Class {
        self.push(C::default());
        let last = self.len() - 1;
        &mut self[last]
    }
    fn pop(&mut self) {
        self.pop();
    }
}

/// Defines a class of the record model: the struct and its reflection from one list of fields.
///
/// `leaf` fields give value type, element name, WCO id and format; `one` and `many` give a nested class.
macro_rules! class {
    (@type leaf $ty:ident) => { Option<crate::value::$ty> };
    (@type one $ty:ident) => { $ty };
    (@type many $ty:ident) => { Vec<$ty> };
    (@id leaf $ty:ident $id:literal $format:literal) => { $id };
    (@id one $ty:ident) => { <$ty as crate::class::Defined>::DEFINITION.id };
    (@id many $ty:ident) => { <$ty as crate::class::Defined>::DEFINITION.id };
    (@kind leaf $ty:ident $id:literal $format:literal) => {
        crate::class::FieldKind::Leaf { kind: crate::class::LeafKind::$ty, format: $format }
    };
    (@kind one $ty:ident) => { crate::class::FieldKind::One(<$ty as crate::class::Defined>::DEFINITION) };
    (@kind many $ty:ident) => { crate::class::FieldKind::Many(<$ty as crate::class::Defined>::DEFINITION) };
    (@ref leaf Text $value:expr) => {
        crate::class::FieldRef::Leaf(crate::class::LeafRef::Text($value.as_deref()))
    };
    (@ref leaf Amount $value:expr) => {
        crate::class::FieldRef::Leaf(crate::class::LeafRef::Amount($value.as_ref()))
    };
    (@ref leaf Measure $value:expr) => {
        crate::class::FieldRef::Leaf(crate::class::LeafRef::Measure($value.as_ref()))
    };
    (@ref leaf $ty:ident $value:expr) => {
        crate::class::FieldRef::Leaf(crate::class::LeafRef::$ty($value))
    };
    (@ref one $ty:ident $value:expr) => { crate::class::FieldRef::One(&$value) };
    (@ref many $ty:ident $value:expr) => { crate::class::FieldRef::Many(&$value) };
    (@mut leaf $ty:ident $value:expr) => {
        crate::class::FieldMut::Leaf(crate::class::LeafMut::$ty(&mut $value))
    };
    (@mut one $ty:ident $value:expr) => { crate::class::FieldMut::One(&mut $value) };
    (@mut many $ty:ident $value:expr) => { crate::class::FieldMut::Many(&mut $value) };
    (
        #[doc = $doc:literal]
        pub struct $name:ident = $element:literal $class_id:literal {
            $(
                #[doc = $field_doc:literal]
                $kind:ident $field:ident : $ty:ident = $field_element:literal $($id:literal $format:literal)?,
            )*
        }
    ) => {
        #[doc = $doc]
        #[doc = concat!("\n\nWCO class ", $class_id, ".")]
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $( #[doc = $field_doc] pub $field: class!(@type $kind $ty), )*
        }

        impl crate::class::Defined for $name {
            const DEFINITION: &'static crate::class::ClassDefinition = &crate::class::ClassDefinition {
                name: $element,
                id: $class_id,
                description: $doc.trim_ascii(),
                fields: &[$(
                    crate::class::FieldDefinition {
                        name: stringify!($field),
                        element: $field_element,
                        id: class!(@id $kind $ty $($id $format)?),
                        kind: class!(@kind $kind $ty $($id $format)?),
                        description: $field_doc.trim_ascii(),
                    },
                )*],
            };
        }

        impl crate::class::Class for $name {
            fn definition(&self) -> &'static crate::class::ClassDefinition {
                <Self as crate::class::Defined>::DEFINITION
            }
            fn field(&self, index: usize) -> crate::class::FieldRef<'_> {
                type Get = fn(&$name) -> crate::class::FieldRef<'_>;
                const FIELDS: &[Get] = &[$( |class| class!(@ref $kind $ty class.$field), )*];
                FIELDS[index](self)
            }
            fn field_mut(&mut self, index: usize) -> crate::class::FieldMut<'_> {
                type Get = fn(&mut $name) -> crate::class::FieldMut<'_>;
                const FIELDS: &[Get] = &[$( |class| class!(@mut $kind $ty class.$field), )*];
                FIELDS[index](self)
            }
        }
    };
}
pub(crate) use class;
