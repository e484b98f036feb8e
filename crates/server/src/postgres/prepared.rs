//! Prepared statements of a connection, and what is bound to them.

use super::dialect::folded;
use super::error::refusal;
use pgwire::api::portal::Portal;
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::{ClientInfo, DEFAULT_NAME};
use pgwire::error::PgWireResult;
use pgwire::messages::extendedquery::Bind;
use sqlparser::ast::{DiscardObject, Ident, Statement};
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most prepared statements of one connection that have a name. Drivers keep 256 (`preparedStatementCacheQueries` of JDBC), 512
/// (`statementCacheCapacity` of pgx) or 1,000 (`statement_limit` of Rails).
const MOST_PREPARED: usize = 2_000;

/// Names of the prepared statements of a connection, with the bytes of their texts; one is without.
#[derive(Default)]
pub(super) struct Names(Mutex<BTreeMap<String, usize>>);

impl Names {
    /// Those of a client.
    pub(super) fn of<C: ClientInfo>(client: &C) -> Arc<Self> {
        client.session_extensions().get_or_insert_with(Self::default)
    }

    /// Whether a statement of so many bytes may be prepared under a name, where all texts together may have `most`.
    pub(super) fn admits(&self, name: &str, bytes: usize, most: usize) -> PgWireResult<()> {
        if name == DEFAULT_NAME {
            return Ok(());
        }
        let all = self.all();
        let others: Vec<usize> =
            all.iter().filter(|(known, _)| *known != name).map(|(_, bytes)| *bytes).collect();
        if others.len() >= MOST_PREPARED {
            let told = format!("{MOST_PREPARED} statements are prepared, which is the most; close some");
            return Err(refusal("54000", told));
        }
        let bytes = others.iter().sum::<usize>().saturating_add(bytes);
        if bytes > most {
            let told = format!("prepared statements of {bytes} bytes: {most} is the most; close some");
            return Err(refusal("54000", told));
        }
        Ok(())
    }

    pub(super) fn add(&self, name: &str, bytes: usize) {
        if name != DEFAULT_NAME {
            self.all().insert(name.to_owned(), bytes);
        }
    }

    pub(super) fn remove(&self, name: &str) {
        self.all().remove(name);
    }

    /// Goes along with a statement that is answered; gives the names of those that end with it.
    pub(super) fn follow(&self, statement: &Statement) -> Vec<String> {
        match statement {
            Statement::Deallocate { name, .. } if !is_all(name) => {
                self.all().remove_entry(&folded(name)).map(|(name, _)| name).into_iter().collect()
            }
            Statement::Deallocate { .. } | Statement::Discard { object_type: DiscardObject::ALL } => {
                mem::take(&mut *self.all()).into_keys().collect()
            }
            _ => Vec::new(),
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `DEALLOCATE` means all by this.
pub(super) fn is_all(name: &Ident) -> bool {
    name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all")
}

/// A portal of a statement, if a client binds as many values as it takes, and says the form of no value and no column, of all
/// together, or of each.
pub(super) fn bound<P: QueryParser>(
    parser: &P,
    message: &Bind,
    statement: Arc<StoredStatement<P::Statement>>,
) -> PgWireResult<Portal<P::Statement>>
where
    P::Statement: Clone,
{
    // A client may give types to more than the statement reads.
    let read = parser.get_parameter_types(&statement.statement)?.len();
    let taken = read.max(statement.parameter_types.len());
    let (values, forms) = (message.parameters.len(), message.parameter_format_codes.len());
    if values != taken {
        let name = message.statement_name.as_deref().unwrap_or_default();
        let told = format!(
            "bind message supplies {values} parameters, but prepared statement \"{name}\" requires {taken}"
        );
        return Err(refusal("08P01", told));
    }
    if forms > 1 && forms != values {
        let told = format!("bind message has {forms} parameter formats but {values} parameters");
        return Err(refusal("08P01", told));
    }
    let portal = Portal::try_new(message, statement)?;
    // Columns of which not each has a form are refused; those of a cursor that is not there yet, where it is fetched.
    parser.get_result_schema(&portal.statement.statement, Some(&portal.result_column_format))?;
    Ok(portal)
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{Asked, Dialect};
    use super::*;

    #[test]
    fn a_connection_has_so_many_prepared_statements() {
        let names = Names::default();
        for number in 0..MOST_PREPARED {
            let name = format!("S_{number}");
            assert!(names.admits(&name, 10, usize::MAX).is_ok());
            names.add(&name, 10);
        }
        let refused = names.admits("s", 10, usize::MAX).unwrap_err().to_string();
        assert!(refused.contains("close some"), "{refused}");
        for other in [DEFAULT_NAME, "S_7"] {
            assert!(names.admits(other, 10, usize::MAX).is_ok(), "in the place of another: {other}");
            names.add(other, 10);
        }
        assert!(names.admits("s", 10, usize::MAX).is_err());
        names.remove("S_7");
        assert!(names.admits("s", 10, usize::MAX).is_ok());
    }

    #[test]
    fn prepared_statements_are_so_long_together() {
        let names = Names::default();
        for (name, bytes) in [("a", 60), ("b", 30), (DEFAULT_NAME, 1_000)] {
            assert!(names.admits(name, bytes, 100).is_ok(), "{name}");
            names.add(name, bytes);
        }
        let refused = names.admits("c", 11, 100).unwrap_err().to_string();
        assert!(refused.contains("of 101 bytes: 100 is the most"), "{refused}");
        assert!(names.admits("a", 70, 100).is_ok(), "in the place of another");
        names.remove("b");
        assert!(names.admits("c", 11, 100).is_ok());
    }

    #[test]
    fn who_deallocates_has_fewer() {
        let names = Names::default();
        let follow = |sql: &str| {
            let all = Dialect::new().read(sql).unwrap();
            let [Asked::Plain(statement)] = all.as_slice() else { panic!("{all:?}") };
            names.follow(statement)
        };
        for name in ["a", "A", "all"] {
            names.add(name, 10);
        }
        assert_eq!(follow("DEALLOCATE A"), ["a"], "in small letters where it has no quotes");
        assert!(follow("DEALLOCATE a").is_empty());
        assert_eq!(follow("DEALLOCATE PREPARE \"all\""), ["all"]);
        assert!(follow("DISCARD PLANS").is_empty());
        assert_eq!(follow("DEALLOCATE ALL"), ["A"]);
        names.add("b", 10);
        assert_eq!(follow("DISCARD ALL"), ["b"]);
    }
}
