//! Prepared statements of a connection, and what is bound to them.

use super::error::refusal;
use super::session::{Parser, Prepared};
use pgwire::api::portal::Portal;
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::error::PgWireResult;
use pgwire::messages::extendedquery::Bind;
use std::sync::Arc;

/// A portal of a statement, if a client says the form of no value and no column, of all together, or of each.
pub(super) fn bound(
    parser: &Parser,
    message: &Bind,
    statement: Arc<StoredStatement<Prepared>>,
) -> PgWireResult<Portal<Prepared>> {
    let (values, forms) = (message.parameters.len(), message.parameter_format_codes.len());
    if forms > 1 && forms != values {
        let told = format!("bind message has {forms} parameter formats but {values} parameters");
        return Err(refusal("08P01", told));
    }
    let portal = Portal::try_new(message, statement)?;
    // Columns of which not each has a form are refused; those of a cursor that is not there yet, where it is fetched.
    parser.get_result_schema(&portal.statement.statement, Some(&portal.result_column_format))?;
    Ok(portal)
}
