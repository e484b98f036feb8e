//! Keys in ascending order, with a directory over their first bits. Keys are hashes, spread evenly, so that a slot of the
//! directory stands for about one key: a look-up reads a slot and the key beside it, where halving would read twenty.

use super::key::ProfileKey;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Keys {
    sorted: Vec<ProfileKey>,
    /// First key of each slot, and the number of keys at the end; as many slots as keys, a power of two.
    directory: Vec<u32>,
    /// Bits of a key that choose its slot.
    bits: u32,
}

impl Keys {
    /// Keys that ascend.
    pub(super) fn new(keys: Vec<ProfileKey>) -> Self {
        let bits = keys.len().next_power_of_two().trailing_zeros();
        let mut directory = Vec::with_capacity((1 << bits) + 1);
        for (position, key) in keys.iter().enumerate() {
            directory.resize((slot(*key, bits) + 1).max(directory.len()), position as u32);
        }
        directory.resize((1 << bits) + 1, keys.len() as u32);
        Self { sorted: keys, directory, bits }
    }

    pub(super) fn as_slice(&self) -> &[ProfileKey] {
        &self.sorted
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Where a key stands, if anywhere: the first half of a look-up.
    pub(super) fn span(&self, key: ProfileKey) -> [u32; 2] {
        let slot = slot(key, self.bits);
        match self.directory.get(slot..=slot + 1) {
            Some(&[first, end]) => [first, end],
            _ => [0, 0],
        }
    }

    /// Position of a key in its span: the second half.
    pub(super) fn find(&self, key: ProfileKey, [first, end]: [u32; 2]) -> Option<u32> {
        let among = &self.sorted[first as usize..end as usize];
        among.binary_search(&key).ok().map(|place| first + place as u32)
    }

    pub(super) fn contain(&self, key: ProfileKey) -> bool {
        self.find(key, self.span(key)).is_some()
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.sorted) + size_of_val(&*self.directory)
    }
}

fn slot(key: ProfileKey, bits: u32) -> usize {
    key.0.checked_shr(u128::BITS - bits).unwrap_or(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keys that are spread, and some that share their first bits.
    fn keys() -> impl Strategy<Value = Vec<u128>> {
        let key = prop_oneof![any::<u128>(), (0_u128..50), (0_u128..50).prop_map(|low| u128::MAX - low)];
        proptest::collection::vec(key, 0..200)
    }

    proptest! {
        #[test]
        fn what_is_among_the_keys_is_found_where_it_stands(keys in keys(), others in keys()) {
            let mut sorted: Vec<ProfileKey> = keys.into_iter().map(ProfileKey).collect();
            sorted.sort();
            sorted.dedup();
            let indexed = Keys::new(sorted.clone());
            for key in sorted.iter().copied().chain(others.into_iter().map(ProfileKey)) {
                let expected = sorted.binary_search(&key).ok().map(|place| place as u32);
                prop_assert_eq!(indexed.find(key, indexed.span(key)), expected);
            }
        }
    }
}
