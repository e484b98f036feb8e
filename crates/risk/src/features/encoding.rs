//! Canonical bytes of profiles, so that their hash can name them: `"TGPR" version:u16 last_day:i32 tables:u32`,
//! then for each table its kind, keys, starts, days and entries, little-endian, lists behind their length.

use super::key::ProfileKey;
use super::keys::Keys;
use super::profiles::{Entries, ProfileTable, Profiles};
use crate::model::codec::{DecodeError, Reader, header, put_count};

const MAGIC: [u8; 4] = *b"TGPR";
const VERSION: u16 = 1;
const MAX_TABLES: usize = 1_000;
/// Keys or entries of one table.
const MAX_ENTRIES: usize = u32::MAX as usize - 1;

impl Profiles {
    /// The one encoding of the profiles.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = header(MAGIC, VERSION);
        bytes.extend(self.last_day.to_le_bytes());
        put_count(&mut bytes, self.tables.len());
        for table in &self.tables {
            bytes.push(match table.entries {
                Entries::Results(_) => 0,
                Entries::Values(_) => 1,
            });
            put_count(&mut bytes, table.keys.len());
            put_count(&mut bytes, table.days.len());
            bytes.extend(table.keys.as_slice().iter().flat_map(|k| k.0.to_le_bytes()));
            bytes.extend(table.starts.iter().skip(1).flat_map(|s| s.to_le_bytes()));
            bytes.extend(table.days.iter().flat_map(|d| d.to_le_bytes()));
            match &table.entries {
                Entries::Results(entries) => {
                    bytes.extend(entries.iter().flatten().flat_map(|n| n.to_le_bytes()));
                }
                Entries::Values(entries) => {
                    for (seen, quartiles) in entries {
                        bytes.extend(seen.to_le_bytes());
                        bytes.extend(quartiles.iter().flat_map(|q| q.to_le_bytes()));
                    }
                }
            }
        }
        bytes
    }

    /// Reads profiles back.
    ///
    /// # Errors
    /// When the bytes are no such encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, MAGIC, VERSION)?;
        let last_day = reader.i32()?;
        let count = reader.count("tables", MAX_TABLES, 9)?;
        let tables = (0..count).map(|_| table(&mut reader)).collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self { tables, last_day })
    }
}

fn table(reader: &mut Reader<'_>) -> Result<ProfileTable, DecodeError> {
    let kind = reader.u8()?;
    if kind > 1 {
        return Err(reader.unknown_tag("profile", kind));
    }
    let key_count = reader.count("keys", MAX_ENTRIES, 20)?;
    let entry_count = reader.count("entries", MAX_ENTRIES, 12)?;
    let keys: Vec<ProfileKey> =
        (0..key_count).map(|_| reader.u128().map(ProfileKey)).collect::<Result<_, _>>()?;
    let mut starts = vec![0];
    for _ in 0..key_count {
        starts.push(reader.u32()?);
    }
    let days: Vec<i32> = (0..entry_count).map(|_| reader.i32()).collect::<Result<_, _>>()?;
    let ascending = starts.windows(2).all(|w| {
        w[0] <= w[1] && days.get(w[0] as usize..w[1] as usize).is_some_and(|d| d.is_sorted_by(|a, b| a < b))
    });
    if !ascending || starts.last() != Some(&(entry_count as u32)) || !keys.is_sorted_by(|a, b| a < b) {
        return Err(DecodeError::Unordered("keys, starts or days of a profile"));
    }
    let entries = if kind == 0 {
        Entries::Results(
            (0..entry_count)
                .map(|_| Ok([reader.u32()?, reader.u32()?]))
                .collect::<Result<_, DecodeError>>()?,
        )
    } else {
        let value = |_| Ok((reader.u32()?, [reader.i32()?, reader.i32()?, reader.i32()?]));
        Entries::Values((0..entry_count).map(value).collect::<Result<_, DecodeError>>()?)
    };
    Ok(ProfileTable { keys: Keys::new(keys), starts, days, entries })
}
