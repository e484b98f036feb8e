//! Numbers of objects (OIDs). Clients keep them from one statement to the next, so the same table always has the same number.

use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Tables of `pg_catalog` that hold nothing here: there are no keys, indexes, triggers, procedures, sequences or roles.
pub const WITHOUT_ROWS: &[&str] = &[
    "pg_aggregate",
    "pg_attrdef",
    "pg_auth_members",
    "pg_authid",
    "pg_available_extensions",
    "pg_collation",
    "pg_constraint",
    "pg_cursors",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_depend",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_group",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_init_privs",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_locks",
    "pg_matviews",
    "pg_partitioned_table",
    "pg_policies",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_replication_origin",
    "pg_rewrite",
    "pg_roles",
    "pg_rules",
    "pg_seclabel",
    "pg_sequence",
    "pg_sequences",
    "pg_shdepend",
    "pg_shdescription",
    "pg_shseclabel",
    "pg_stat_activity",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_statistic_ext_data",
    "pg_subscription",
    "pg_subscription_rel",
    "pg_trigger",
    "pg_user",
    "pg_user_mapping",
    "pg_views",
];

/// Tables of `pg_catalog` whose numbers clients know, or that descriptions refer to.
const CATALOG_TABLES: &[(&str, i32)] = &[
    ("pg_am", 2601),
    ("pg_attrdef", 2604),
    ("pg_attribute", 1249),
    ("pg_authid", 1260),
    ("pg_class", 1259),
    ("pg_collation", 3456),
    ("pg_constraint", 2606),
    ("pg_database", 1262),
    ("pg_depend", 2608),
    ("pg_description", 2609),
    ("pg_enum", 3501),
    ("pg_event_trigger", 3466),
    ("pg_extension", 3079),
    ("pg_foreign_data_wrapper", 2328),
    ("pg_foreign_server", 1417),
    ("pg_index", 2610),
    ("pg_inherits", 2611),
    ("pg_language", 2612),
    ("pg_namespace", 2615),
    ("pg_opclass", 2616),
    ("pg_operator", 2617),
    ("pg_policy", 3256),
    ("pg_proc", 1255),
    ("pg_publication", 6104),
    ("pg_rewrite", 2618),
    ("pg_shdescription", 2396),
    ("pg_statistic_ext", 3381),
    ("pg_tablespace", 1213),
    ("pg_trigger", 2620),
    ("pg_type", 1247),
];

/// Schemas with the numbers that they have in PostgreSQL.
const SCHEMAS: &[(&str, i32)] = &[("pg_catalog", 11), ("public", 2200), ("information_schema", 13212)];

/// Number of a table of `pg_catalog`, where it is known to all.
pub fn catalog_table(name: &str) -> Option<i32> {
    CATALOG_TABLES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// Gives numbers that differ from each other.
#[derive(Default)]
pub(super) struct Numbers(BTreeSet<i32>);

impl Numbers {
    /// Number of a schema.
    pub(super) fn schema(&mut self, name: &str) -> i32 {
        let known = SCHEMAS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
        known.unwrap_or_else(|| self.of(name))
    }

    /// Number of a table.
    pub(super) fn table(&mut self, schema: &str, name: &str) -> i32 {
        let known = if schema == super::SCHEMA { catalog_table(name) } else { None };
        known.unwrap_or_else(|| self.of(&format!("{schema}.{name}")))
    }

    /// A number beyond those that PostgreSQL keeps for itself (from 16384), which follows from the name.
    fn of(&mut self, name: &str) -> i32 {
        let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(name).into();
        let mut number = i32::from_be_bytes([a & 0x3f, b, c | 0x40, d]);
        while !self.0.insert(number) {
            number += 1;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_follows_from_the_name_and_no_two_tables_share_one() {
        let (mut one, mut other) = (Numbers::default(), Numbers::default());
        assert_eq!(one.table("public", "inspection"), {
            other.table("public", "decision");
            other.table("public", "inspection")
        });
        assert!(one.table("public", "declaration") >= 16384);
        assert_ne!(one.table("public", "twice"), one.table("public", "twice"));
        assert_eq!(one.table("pg_catalog", "pg_class"), 1259);
        assert_eq!(one.schema("public"), 2200);
    }
}
