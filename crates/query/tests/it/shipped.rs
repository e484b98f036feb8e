//! The policy that is shipped: what it shows to whom.

use crate::country::{Reader, batch, every_table, governance, lines, officer, person, platform, tables};
use datafusion::arrow::array::RecordBatch;
use tidegate_query::policy::{Access, Policy, PolicyError, PolicyFiles, Rows, Shown};
use tidegate_query::{Catalog, Person, Platform, Principal};
use tidegate_records::table::Grade;
use tidegate_records::tables::CODE;

fn access(person: &Person, purpose: &str) -> Access {
    Policy::parse(&Policy::shipped_files()).unwrap().access(person, purpose, &Catalog::default()).unwrap()
}

#[test]
fn nothing_is_there_without_a_role_or_for_another_purpose() {
    let nobody = person("Ni", "guest", Grade::Core);
    let analyst = person("Ana", "analyst", Grade::General4);
    for (person, purpose) in [(&nobody, "risk-analysis"), (&analyst, "research"), (&analyst, "inspection")] {
        let access = access(person, purpose);
        assert!(access.tables.is_empty() && !access.may_explain && !access.may_assess, "{access:?}");
    }
}

#[test]
fn auditors_read_no_table_for_any_purpose() {
    let policy = Policy::parse(&Policy::shipped_files()).unwrap();
    let auditor = person("Au", "auditor", Grade::Core);
    for purpose in policy.purposes() {
        let access = access(&auditor, &purpose.name);
        assert!(access.tables.is_empty() && !access.may_explain && !access.may_assess, "{access:?}");
    }
}

#[test]
fn a_table_alone_is_shown_as_among_all() {
    let policy = Policy::parse(&Policy::shipped_files()).unwrap();
    let steward = person("St", "steward", Grade::General3);
    let all = access(&steward, "data-quality");
    for table in ["declaration", "quarantine", "nosuch"] {
        let alone = policy.table_access(&steward, "data-quality", &Catalog::default(), table).unwrap();
        assert_eq!(alone.as_ref(), all.tables.get(table), "{table}");
    }
}

#[test]
fn an_unknown_purpose_is_named_with_those_there_are() {
    let policy = Policy::parse(&Policy::shipped_files()).unwrap();
    let error = policy.access(&officer(), "curiosity", &Catalog::default()).unwrap_err().to_string();
    assert!(error.contains("`curiosity` is no purpose") && error.contains("risk-analysis"), "{error}");
}

#[test]
fn roles_are_those_that_policies_name_wherever_they_do() {
    let mut files = Policy::shipped_files();
    let roles = |files: &PolicyFiles| Policy::parse(files).unwrap().roles().into_iter().collect::<Vec<_>>();
    let shipped =
        ["analyst", "auditor", "officer", "partner", "scientist", "steward", "supervisor", "trader"];
    assert_eq!(roles(&files), shipped);
    let more = "@id(\"a\")\npermit (principal, action == Action::\"rows\", resource) when { principal in Role::\"minister\" };";
    files.insert("more.cedar".to_owned(), more.to_owned());
    assert!(roles(&files).contains(&"minister".to_owned()));
}

#[test]
fn analysts_see_methods_as_far_as_their_clearance_and_no_officers() {
    let cleared = access(&person("Ana", "analyst", Grade::General4), "risk-analysis");
    assert_eq!(
        cleared.tables.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
        every_table().into_iter().collect()
    );
    assert_eq!(cleared.tables["decision"].columns["draw"], Shown::Clear);
    assert_eq!(cleared.tables["inspection"].columns["officer_id"], Shown::Masked("pseudonym".to_owned()));
    assert!(cleared.may_assess && !cleared.may_explain);
    let junior = access(&person("Jo", "analyst", Grade::General3), "risk-analysis");
    assert!(!junior.tables["decision"].columns.contains_key("draw"));
    assert_eq!(junior.tables["declaration"].rows, Rows::All);
}

#[test]
fn officers_see_what_to_do_and_not_the_odds() {
    let access = access(&officer(), "inspection");
    let decision = &access.tables["decision"];
    assert_eq!(decision.rows, Rows::Matching(vec!["own-office".to_owned()]));
    assert_eq!(decision.columns["directive"], Shown::Clear);
    for hidden in ["inclusion_probability", "draw", "score", "tau"] {
        assert!(!decision.columns.contains_key(hidden), "{hidden}");
    }
    assert!(!access.tables.contains_key("quarantine"));
}

#[test]
fn what_codes_mean_is_there_for_every_role() {
    for (role, purpose) in [
        ("analyst", "risk-analysis"),
        ("officer", "inspection"),
        ("steward", "data-quality"),
        ("scientist", "research"),
        ("trader", "own-data"),
        ("partner", "cooperation"),
        ("supervisor", "supervision"),
    ] {
        let access = access(&person("One", role, Grade::General1), purpose);
        let code = access.tables.get("code").unwrap_or_else(|| panic!("{role}: {access:?}"));
        assert!(code.is_clear() && code.columns.len() == CODE.columns.len(), "{role}: {code:?}");
    }
}

#[test]
fn two_roles_show_the_wider_of_both() {
    let mut both = person("Bo", "steward", Grade::General3);
    both.roles.insert("scientist".to_owned());
    let steward = access(&both, "data-quality");
    assert_eq!(steward.tables["declaration"].columns["invoice_amount"], Shown::Masked("general".to_owned()));
    let scientist = access(&both, "research");
    assert_eq!(scientist.tables["declaration"].columns["invoice_amount"], Shown::Clear);
}

#[tokio::test]
async fn a_trader_reads_its_own_declarations_and_their_items() {
    let platform = platform(&Policy::shipped_files());
    let trader = Person {
        enterprise: Some("91310000MA1FL0X02".to_owned()),
        ..person("Tao Trading", "trader", Grade::General3)
    };
    let reader = Reader { platform: &platform, person: trader, purpose: "own-data" };
    let own = reader.lines("SELECT DISTINCT importer_id FROM declaration").await;
    assert_eq!(own, ["91310000MA1FL0X02"]);
    let items = reader.lines("SELECT DISTINCT declaration_id FROM goods_item").await;
    assert_eq!(items, reader.lines("SELECT declaration_id FROM declaration").await);
    let view = reader.lines("SELECT count(*), count(DISTINCT importer_id) FROM declaration_item").await;
    assert_eq!(view, [format!("{} 1", 2 * items.len())]);
    let refusal = reader.refusal("SELECT * FROM decision").await;
    assert!(refusal.contains("decision") && refusal.contains("not found"), "{refusal}");
}

#[tokio::test]
async fn a_partner_sees_round_figures_of_what_came_from_its_country() {
    let platform = platform(&Policy::shipped_files());
    let partner =
        Person { organisation: Some("DE".to_owned()), ..person("Zoll", "partner", Grade::General3) };
    let reader = Reader { platform: &platform, person: partner, purpose: "cooperation" };
    let sql = "SELECT DISTINCT export_country_code, left(importer_id, 5) FROM declaration";
    assert_eq!(reader.lines(sql).await, ["DE -", "DE 91***"]);
    let amounts = reader.lines("SELECT DISTINCT invoice_amount FROM declaration").await;
    assert_eq!(amounts, ["0.100", "100.000", "1000.000"], "0.25, 520.25 to 960.25 and more");
    for role in [("partner", "cooperation"), ("steward", "data-quality")] {
        let access = access(&person("One", role.0, Grade::General2), role.1);
        let declaration = &access.tables["declaration"].columns;
        assert_eq!(declaration["invoice_amount"], Shown::Masked("general".to_owned()), "{role:?}");
        assert_eq!(
            declaration["invoice_currency"],
            Shown::Clear,
            "an amount without currency means nothing: {role:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_is_made_of_the_declarants_number_is_a_pseudonym_where_the_number_is_not_shown() {
    let mut all = tables();
    for (_, rows) in all.values_mut() {
        for row in rows.iter_mut().filter(|row| row["declaration_id"] == "D03") {
            row.insert("declaration_id", "91310000MA1FL0X03/LRN-7".to_owned());
        }
    }
    let rows = all.into_iter().map(|(name, (table, rows))| (name, batch(table, &rows))).collect();
    let platform = Platform::in_memory(rows, Some(governance(&Policy::shipped_files()))).unwrap();
    for (role, purpose) in
        [("scientist", "research"), ("steward", "data-quality"), ("partner", "cooperation")]
    {
        let person = Person { organisation: Some("JP".to_owned()), ..person("One", role, Grade::General3) };
        let reader = Reader { platform: &platform, person, purpose };
        let names = reader.lines("SELECT DISTINCT left(declaration_id, 2) FROM declaration").await;
        assert_eq!(names, ["D0", "D1", "D2", "D3", "p_"], "{role}: those of the authority stay");
        let guessed = "SELECT count(*) FROM goods_item WHERE declaration_id LIKE '91310000%'";
        assert_eq!(reader.lines(guessed).await, ["0"], "{role}");
        let own = "SELECT count(*) FROM declaration WHERE declaration_id LIKE 'p_%' AND declaration_id IN \
                   (SELECT declaration_id FROM goods_item)";
        assert_eq!(reader.lines(own).await, ["1"], "{role}: it still joins");
        let items = "SELECT count(*) FROM goods_item";
        let view = "SELECT count(*) FROM declaration_item";
        assert_eq!(reader.lines(view).await, reader.lines(items).await, "{role}");
    }
}

#[tokio::test]
async fn the_owner_sees_everything() {
    let platform = platform(&Policy::shipped_files());
    let ask = async |sql: &str| -> Vec<RecordBatch> {
        platform.plan_for(&Principal::LocalOwner, "a test", sql).await.unwrap().collect().await.unwrap()
    };
    assert_eq!(lines(&ask("SELECT count(*) FROM declaration").await), ["36"]);
    let tables = lines(&ask("SELECT table_name FROM information_schema.tables").await);
    assert!(every_table().iter().all(|table| tables.iter().any(|t| t == table)), "{tables:?}");
    assert_eq!(lines(&ask("SHOW TABLES").await).len(), tables.len());
}

#[test]
fn a_mistake_in_a_policy_is_told_with_its_line() {
    let mut files = Policy::shipped_files();
    let broken =
        "// One.\n@id(\"a\")\npermit (principal, action, resource) when { context.purpose = \"x\" };\n";
    files.insert("access.cedar".to_owned(), broken.to_owned());
    let error = Policy::parse(&files).err().unwrap().to_string();
    assert!(error.starts_with("access.cedar: line 3: "), "{error}");
}

/// Why the shipped policy is refused with another text in a file.
fn refused(file: &str, from: &str, to: &str) -> PolicyError {
    let mut files = Policy::shipped_files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    *text = text.replacen(from, to, 1);
    Policy::parse(&files).err().unwrap()
}

#[test]
fn a_filter_that_lets_through_other_rows_than_its_examples_say_is_refused() {
    for table in ["declaration", "decision", "work_list"] {
        let example = |office: &str, is_shown: bool| {
            format!(
                "table = \"{table}\"\nprincipal = {{ office = \"4700\" }}\nrow = {{ office_id = \"{office}\" }}\n\
                 is_shown = {is_shown}\n"
            )
        };
        let hidden = refused("filters.toml", &example("4701", false), &example("4701", true));
        assert!(matches!(hidden, PolicyError::Example { .. }), "{hidden}");
        assert_eq!(
            hidden.to_string(),
            format!(
                "filter `own-office` for {table}: the example gives a row that is not shown, not a row that is shown"
            )
        );
        let own = format!("{table} = \"office_id = principal.office\"");
        let shown =
            refused("filters.toml", &own, &format!("{table} = \"office_id IS NOT NULL\"")).to_string();
        assert!(shown.contains(&format!("for {table}: the example gives a row that is shown")), "{shown}");
    }
    let foreign =
        refused("filters.toml", "export_country_code = principal", "exporter_country_code = principal");
    assert!(matches!(foreign, PolicyError::Example { .. }), "{foreign}");
    let stranger = refused("filters.toml", "row = { office_id = \"4700\" }", "row = { office = \"4700\" }");
    assert!(stranger.to_string().contains("an example has the column `office`"), "{stranger}");
}

#[test]
fn a_mask_that_leaves_something_else_than_its_examples_say_is_refused() {
    let other = refused("masks.toml", "shown = \"91***\"", "shown = \"92***\"");
    assert!(matches!(other, PolicyError::Example { .. }), "{other}");
    assert_eq!(other.to_string(), "mask `partial`: the example gives 91***, not 92***");
    for (kind, value, shown) in
        [("integer", "48210", "10000"), ("real", "-7.5", "-1"), ("decimal", "48210.55", "10000")]
    {
        let example = format!("type = \"{kind}\"\nvalue = \"{value}\"\nshown = \"{shown}\"\n");
        let exact = example.replace(&format!("shown = \"{shown}\""), &format!("shown = \"{value}\""));
        let exact = refused("masks.toml", &example, &exact);
        assert!(matches!(exact, PolicyError::Example { .. }), "{kind}: {exact}");
        assert!(exact.to_string().starts_with("mask `general`: "), "{kind}: {exact}");
    }
    let empty = "[mask.expression]\n[[mask.example]]\ntype = \"text\"";
    let filled = "[mask.expression]\ntext = \"value\"\n[[mask.example]]\ntype = \"text\"";
    let filled = refused("masks.toml", empty, filled).to_string();
    assert_eq!(filled, "mask `empty`: the example gives 91310000MA1FL0X12Y, not nothing");
    let unreadable = refused("masks.toml", "value = \"48210\"", "value = \"much\"").to_string();
    assert_eq!(unreadable, "mask `general`: `much` in an example is no Int64");
}
