//! The description of the API (`OpenAPI` 3.1), made from the handlers.

use super::error::ApiError;
use super::governance::audit::{self, Question, Sight, TableSeen, WhoSaw};
use super::governance::bundles::{self, BundleProposal, NewBundleProposal, NumberedProposal};
use super::governance::grades::{self, ColumnGrade, ConfirmedGrade, NewGrade};
use super::governance::policies::{self, NewPolicy, PolicyVersion, PolicyWithFiles, ProposedPolicy};
use super::governance::{Decision, Verdict};
use super::me::{self, Me};
use super::session::{self, LogIn, Session};
use super::sql::{self, Statement};
use super::{health, sign_on};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tidegate", description = "The doors of a Tidegate installation."),
    paths(
        sql::sql,
        session::log_in,
        session::log_out,
        policies::list_policies,
        policies::show_policy,
        policies::propose_policy,
        policies::decide_policy,
        bundles::list_proposals,
        bundles::propose_bundle,
        bundles::decide_bundle,
        grades::list_grades,
        grades::confirm_grade,
        audit::who_saw,
        sign_on::begin,
        sign_on::end,
        me::me,
        health::health
    ),
    components(schemas(
        Statement,
        LogIn,
        Session,
        ApiError,
        Decision,
        Verdict,
        NewPolicy,
        ProposedPolicy,
        PolicyVersion,
        PolicyWithFiles,
        NewBundleProposal,
        NumberedProposal,
        BundleProposal,
        NewGrade,
        ColumnGrade,
        ConfirmedGrade,
        Question,
        WhoSaw,
        Sight,
        TableSeen,
        Me
    )),
    modifiers(&Token)
)]
struct Description;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("tg_…").build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The description as JSON.
pub(super) fn description() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_described_under_the_name_of_what_it_is_about() {
        let described = serde_json::to_value(description()).unwrap();
        for (path, method, tag) in [
            ("/api/v1/sql", "post", "sql"),
            ("/api/v1/session", "delete", "session"),
            ("/api/v1/policies", "get", "policies"),
            ("/api/v1/me", "get", "me"),
            ("/health", "get", "health"),
        ] {
            assert_eq!(described["paths"][path][method]["tags"], serde_json::json!([tag]), "{path}");
        }
    }
}
