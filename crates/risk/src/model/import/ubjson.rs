//! UBJSON (Universal Binary JSON, draft 12), read through serde: the crates that there are have been left for years.
//!
//! A list or object may say its count, and then one type for all; a count is bounded by the bytes that are left, nesting by
//! [`MAX_NESTING`]. Types without bytes are refused as the one type of a list, since a few bytes could then stand for any
//! number of values.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

/// Deepest nesting of lists and objects.
const MAX_NESTING: usize = 64;

/// Why bytes are no UBJSON of the wanted shape.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UbjsonError {
    /// The bytes end too early.
    #[error("the bytes end at {length}; {wanted} more are needed at {offset}")]
    Truncated {
        /// Where reading stopped.
        offset: usize,
        /// How many bytes are needed there.
        wanted: u64,
        /// How many bytes there are in all.
        length: usize,
    },
    /// A marker means nothing where it stands.
    #[error("byte {found:#04x} at {offset} is no marker of {wanted}")]
    Marker {
        /// The byte.
        found: u8,
        /// Where it stands.
        offset: usize,
        /// What should be there.
        wanted: &'static str,
    },
    /// A count or length is negative.
    #[error("the count before {offset} is {found}; a count is at least 0")]
    Count {
        /// The count.
        found: i64,
        /// Where it ends.
        offset: usize,
    },
    /// Lists and objects are nested too deep.
    #[error("lists and objects are nested more than {MAX_NESTING} deep at {offset}")]
    Nesting {
        /// Where.
        offset: usize,
    },
    /// A text is not UTF-8.
    #[error("the text at {offset} is not UTF-8")]
    Utf8 {
        /// Where it begins.
        offset: usize,
    },
    /// Something follows the value.
    #[error("the value ends at {offset}, the bytes at {length}; nothing may follow the value")]
    TrailingBytes {
        /// Where the value ended.
        offset: usize,
        /// How many bytes there are in all.
        length: usize,
    },
    /// The values have another shape.
    #[error("{0}")]
    Shape(String),
}

impl de::Error for UbjsonError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Shape(message.to_string())
    }
}

/// The value that bytes hold.
pub(super) fn from_slice<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, UbjsonError> {
    let mut reader = Reader { bytes, offset: 0, nesting: 0 };
    let value = T::deserialize(&mut reader).map_err(|error| match error {
        UbjsonError::Shape(message) => {
            UbjsonError::Shape(format!("{message}, before byte {}", reader.offset))
        }
        other => other,
    })?;
    if reader.offset == bytes.len() {
        return Ok(value);
    }
    Err(UbjsonError::TrailingBytes { offset: reader.offset, length: bytes.len() })
}

struct Reader<'de> {
    bytes: &'de [u8],
    offset: usize,
    nesting: usize,
}

impl<'de> Reader<'de> {
    fn take(&mut self, wanted: u64) -> Result<&'de [u8], UbjsonError> {
        let rest = &self.bytes[self.offset..];
        match usize::try_from(wanted).ok().and_then(|length| rest.get(..length)) {
            Some(taken) => {
                self.offset += taken.len();
                Ok(taken)
            }
            None => Err(UbjsonError::Truncated { offset: self.offset, wanted, length: self.bytes.len() }),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], UbjsonError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, UbjsonError> {
        self.array().map(|[byte]| byte)
    }

    /// The next marker; `N` stands for nothing.
    fn marker(&mut self) -> Result<u8, UbjsonError> {
        loop {
            let marker = self.byte()?;
            if marker != b'N' {
                return Ok(marker);
            }
        }
    }

    fn unknown<T>(&self, found: u8, wanted: &'static str) -> Result<T, UbjsonError> {
        Err(UbjsonError::Marker { found, offset: self.offset - 1, wanted })
    }

    /// A whole number behind its marker; `None` if the marker is of no such type.
    fn whole(&mut self, marker: u8) -> Result<Option<i64>, UbjsonError> {
        Ok(Some(match marker {
            b'i' => i8::from_be_bytes(self.array()?).into(),
            b'U' => self.byte()?.into(),
            b'I' => i16::from_be_bytes(self.array()?).into(),
            b'l' => i32::from_be_bytes(self.array()?).into(),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return Ok(None),
        }))
    }

    /// A length or count with the marker of its type.
    fn count(&mut self) -> Result<u64, UbjsonError> {
        let marker = self.byte()?;
        match self.whole(marker)? {
            Some(count) => {
                u64::try_from(count).or(Err(UbjsonError::Count { found: count, offset: self.offset }))
            }
            None => self.unknown(marker, "a count"),
        }
    }

    fn text(&mut self) -> Result<&'de str, UbjsonError> {
        let length = self.count()?;
        let offset = self.offset;
        str::from_utf8(self.take(length)?).or(Err(UbjsonError::Utf8 { offset }))
    }

    fn value<V: Visitor<'de>>(&mut self, marker: u8, visitor: V) -> Result<V::Value, UbjsonError> {
        if let Some(whole) = self.whole(marker)? {
            return visitor.visit_i64(whole);
        }
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            b'C' => visitor.visit_char(char::from(self.byte()?)),
            b'S' => visitor.visit_borrowed_str(self.text()?),
            b'[' | b'{' => {
                if self.nesting == MAX_NESTING {
                    return Err(UbjsonError::Nesting { offset: self.offset - 1 });
                }
                self.nesting += 1;
                let mut container = Container::begin(self, marker)?;
                let value = if marker == b'[' {
                    visitor.visit_seq(&mut container)
                } else {
                    visitor.visit_map(&mut container)
                }?;
                container.end()?;
                self.nesting -= 1;
                Ok(value)
            }
            _ => self.unknown(marker, "a value"),
        }
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = UbjsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjsonError> {
        let marker = self.marker()?;
        self.value(marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjsonError> {
        if self.bytes.get(self.offset) == Some(&b'Z') {
            self.offset += 1;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A value whose marker is known already.
struct Marked<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: u8,
}

impl<'de> Deserializer<'de> for Marked<'_, 'de> {
    type Error = UbjsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjsonError> {
        self.reader.value(self.marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjsonError> {
        if self.marker == b'Z' { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A list or an object that is being read.
struct Container<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    /// The one type of all values, if they have one.
    of_type: Option<u8>,
    /// Values that are to come, if that is said.
    left: Option<u64>,
    ended: bool,
}

impl<'a, 'de> Container<'a, 'de> {
    fn begin(reader: &'a mut Reader<'de>, open: u8) -> Result<Self, UbjsonError> {
        let close = if open == b'[' { b']' } else { b'}' };
        let mut of_type = None;
        if reader.bytes.get(reader.offset) == Some(&b'$') {
            reader.offset += 1;
            let marker = reader.byte()?;
            if !b"iUIlLdDCS[{".contains(&marker) {
                return reader.unknown(marker, "a type that all values of a list can have");
            }
            of_type = Some(marker);
        }
        let mut left = None;
        if reader.bytes.get(reader.offset) == Some(&b'#') {
            reader.offset += 1;
            left = Some(reader.count()?);
        } else if of_type.is_some() {
            let found = reader.byte()?;
            return reader.unknown(found, "the count of values of one type");
        }
        Ok(Self { reader, close, of_type, left, ended: left == Some(0) })
    }

    /// Whether another value comes; if so, what stands before it is left to be read.
    fn goes_on(&mut self) -> Result<bool, UbjsonError> {
        if self.ended {
            return Ok(false);
        }
        if let Some(left) = &mut self.left {
            // A value takes a byte at least, so that a count cannot lie far.
            *left -= 1;
            self.ended = *left == 0;
            return Ok(true);
        }
        let marker = self.reader.marker()?;
        if marker == self.close {
            self.ended = true;
            return Ok(false);
        }
        self.reader.offset -= 1;
        Ok(true)
    }

    fn read<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, UbjsonError> {
        match self.of_type {
            Some(marker) => seed.deserialize(Marked { reader: self.reader, marker }),
            None => seed.deserialize(&mut *self.reader),
        }
    }

    /// Checks that the reader of a list has read all of it.
    fn end(mut self) -> Result<(), UbjsonError> {
        if self.goes_on()? {
            return Err(UbjsonError::Shape("a list has more values than it should".to_owned()));
        }
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for &mut Container<'_, 'de> {
    type Error = UbjsonError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, UbjsonError> {
        if self.goes_on()? { self.read(seed).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        let bytes = self.reader.bytes.len() - self.reader.offset;
        self.left.map(|left| usize::try_from(left).unwrap_or(bytes).min(bytes))
    }
}

impl<'de> MapAccess<'de> for &mut Container<'_, 'de> {
    type Error = UbjsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, UbjsonError> {
        if !self.goes_on()? {
            return Ok(None);
        }
        let key = self.reader.text()?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, UbjsonError> {
        self.read(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(bytes: &[u8]) -> Result<Value, String> {
        from_slice::<Value>(bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn every_type_and_layout_is_read() {
        let bytes = b"{U\x01a[$d#L\0\0\0\0\0\0\0\x02\x3f\x80\0\0\xbf\0\0\0i\x01b[TFNZSU\x02hi]U\x01c{#U\x01U\x01dI\xff\xfe\
            U\x01e[#i\x02l\0\0\0\x07D\x3f\xf0\0\0\0\0\0\0}";
        let expected =
            json!({"a": [1.0, -0.5], "b": [true, false, null, "hi"], "c": {"d": -2}, "e": [7, 1.0]});
        assert_eq!(read(bytes).unwrap(), expected);
    }

    #[test]
    fn errors_say_what_is_wrong_and_where() {
        for (bytes, message) in [
            (b"[$d#L\0\0\0\0\0\0\x01\0".as_slice(), "the bytes end at 13; 4 more are needed at 13"),
            (
                b"[$T#L\x7f\0\0\0\0\0\0\0",
                "byte 0x54 at 2 is no marker of a type that all values of a list can have",
            ),
            (b"[$d]", "byte 0x5d at 3 is no marker of the count of values of one type"),
            (b"[#i\xff", "the count before 4 is -1; a count is at least 0"),
            (b"{U\x01\xffZ}", "the text at 3 is not UTF-8"),
            (b"Hi\x011", "byte 0x48 at 0 is no marker of a value"),
            (b"TT", "the value ends at 1, the bytes at 2; nothing may follow the value"),
            (
                b"SL\x7f\xff\xff\xff\xff\xff\xff\xff",
                "the bytes end at 10; 9223372036854775807 more are needed at 10",
            ),
            (&[b'['; 80], "lists and objects are nested more than 64 deep at 64"),
        ] {
            assert_eq!(read(bytes).unwrap_err(), message, "{bytes:?}");
        }
        let shape = from_slice::<Vec<u8>>(b"[U\x01SU\x01x]").unwrap_err().to_string();
        assert_eq!(shape, "invalid type: string \"x\", expected u8, before byte 7");
    }

    /// UBJSON of a value, by a writer of its own.
    fn written(value: &Value, out: &mut Vec<u8>) {
        let text = |text: &str, out: &mut Vec<u8>| {
            out.push(b'L');
            out.extend((text.len() as i64).to_be_bytes());
            out.extend(text.as_bytes());
        };
        match value {
            Value::Null => out.push(b'Z'),
            Value::Bool(truth) => out.push(if *truth { b'T' } else { b'F' }),
            Value::Number(number) => {
                if let Some(whole) = number.as_i64() {
                    out.push(b'L');
                    out.extend(whole.to_be_bytes());
                } else {
                    out.push(b'D');
                    out.extend(number.as_f64().unwrap().to_be_bytes());
                }
            }
            Value::String(string) => {
                out.push(b'S');
                text(string, out);
            }
            Value::Array(list) => {
                out.push(b'[');
                for value in list {
                    written(value, out);
                }
                out.push(b']');
            }
            Value::Object(object) => {
                out.extend(b"{#L");
                out.extend((object.len() as i64).to_be_bytes());
                for (key, value) in object {
                    text(key, out);
                    written(value, out);
                }
            }
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e300..1e300_f64).prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn fuzz_ubjson_round_trips(value in any_value()) {
            let mut bytes = Vec::new();
            written(&value, &mut bytes);
            prop_assert_eq!(read(&bytes).unwrap(), value);
        }

        #[test]
        fn fuzz_ubjson_of_arbitrary_markup(
            bytes in prop::collection::vec(prop_oneof![
                prop::sample::select(b"[]{}$#ZTFNiUIlLdDCSH\0\x01\x02".to_vec()),
                any::<u8>(),
            ], 0..200),
        ) {
            // It is read or refused, never anything else.
            let _ = read(&bytes);
        }

        #[test]
        fn fuzz_ubjson_of_mutated_values(
            value in any_value(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = Vec::new();
            written(&value, &mut bytes);
            for (place, byte) in edits {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let _ = read(&bytes);
        }
    }
}
