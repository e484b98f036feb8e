//! Prepared statements of a connection, and what is bound to them.

use super::dialect::folded;
use super::error::refusal;
use super::session::{Parser, Prepared};
use pgwire::api::portal::Portal;
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::{ClientInfo, DEFAULT_NAME};
use pgwire::error::PgWireResult;
use pgwire::messages::extendedquery::Bind;
use sqlparser::ast::{DiscardObject, Ident, Statement};
use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most prepared statements of one connection that have a name. Drivers keep 256 (`preparedStatementCacheQueries` of JDBC), 512
/// (`statementCacheCapacity` of pgx) or 1,000 (`statement_limit` of Rails).
const MOST_PREPARED: usize = 2_000;

/// Names of the prepared statements of a connection; one is without.
#[derive(Default)]
pub(super) struct Names(Mutex<BTreeSet<String>>);

impl Names {
    /// Those of a client.
    pub(super) fn of<C: ClientInfo>(client: &C) -> Arc<Self> {
        client.session_extensions().get_or_insert_with(Self::default)
    }

    /// Whether a statement may be prepared under a name.
    pub(super) fn admits(&self, name: &str) -> PgWireResult<()> {
        let all = self.all();
        if name != DEFAULT_NAME && !all.contains(name) && all.len() >= MOST_PREPARED {
            let told = format!("{MOST_PREPARED} statements are prepared, which is the most; close some");
            return Err(refusal("54000", told));
        }
        Ok(())
    }

    pub(super) fn add(&self, name: &str) {
        if name != DEFAULT_NAME {
            self.all().insert(name.to_owned());
        }
    }

    pub(super) fn remove(&self, name: &str) {
        self.all().remove(name);
    }

    /// Goes along with a statement that is answered; gives the names of those that end with it.
    pub(super) fn follow(&self, statement: &Statement) -> Vec<String> {
        match statement {
            Statement::Deallocate { name, .. } if !is_all(name) => {
                self.all().take(&folded(name)).into_iter().collect()
            }
            Statement::Deallocate { .. } | Statement::Discard { object_type: DiscardObject::ALL } => {
                mem::take(&mut *self.all()).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `DEALLOCATE` means all by this.
pub(super) fn is_all(name: &Ident) -> bool {
    name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all")
}

/// A portal of a statement, if a client binds as many values as it takes, and says the form of no value and no column, of all
/// together, or of each.
pub(super) fn bound(
    parser: &Parser,
    message: &Bind,
    statement: Arc<StoredStatement<Prepared>>,
) -> PgWireResult<Portal<Prepared>> {
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
            assert!(names.admits(&name).is_ok());
            names.add(&name);
        }
        let refused = names.admits("s").unwrap_err().to_string();
        assert!(refused.contains("close some"), "{refused}");
        for other in [DEFAULT_NAME, "S_7"] {
            assert!(names.admits(other).is_ok(), "in the place of another: {other}");
            names.add(other);
        }
        assert!(names.admits("s").is_err());
        names.remove("S_7");
        assert!(names.admits("s").is_ok());
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
            names.add(name);
        }
        assert_eq!(follow("DEALLOCATE A"), ["a"], "in small letters where it has no quotes");
        assert!(follow("DEALLOCATE a").is_empty());
        assert_eq!(follow("DEALLOCATE PREPARE \"all\""), ["all"]);
        assert!(follow("DISCARD PLANS").is_empty());
        assert_eq!(follow("DEALLOCATE ALL"), ["A"]);
        names.add("b");
        assert_eq!(follow("DISCARD ALL"), ["b"]);
    }
}
