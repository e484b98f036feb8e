//! Tools of analysts at the door of PostgreSQL: pandas and SQLAlchemy with their drivers; what pgjdbc, DBeaver and psqlodbc ask the
//! catalog for; values as node-postgres and lib/pq give them; and names with their catalog, also as Arrow Flight SQL tells them.

use crate::clients::{Told, by_program, told};
use crate::doors::Server;
use crate::succeed;
use serde_json::{Value, json};

pub const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools.py");
const JDBC: &str = include_str!("../jdbc.sql");
const DBEAVER: &str = include_str!("../dbeaver.sql");
const ODBC: &str = include_str!("../odbc.sql");

/// A server, an officer who reads what is of one office, and that office.
struct Office {
    server: Server,
    token: String,
    id: String,
}

impl Office {
    fn open() -> Self {
        let server = Server::start();
        let office = owner(&server, "SELECT min(office_id) FROM declaration");
        let officer = ["Ou", "--role", "officer", "--office", office.as_str(), "--clearance", "general-3"];
        let token = server.person(&officer);
        Self { server, token, id: office }
    }

    /// What a tool is told.
    fn ask(&self, tool: &str, more: (&str, Value)) -> Value {
        let mut door = json!({
            "postgres": self.server.postgres, "name": "Ou", "token": self.token, "purpose": "inspection", "tool": tool,
        });
        door[more.0] = more.1;
        by_program(PROGRAM, &door)
    }

    /// Lines of a statement over psql.
    fn psql(&self, sql: &str) -> Vec<String> {
        let printed = self.server.psql("Ou", &self.token, "inspection", &["-c", sql]).unwrap();
        printed.lines().map(str::to_owned).collect()
    }

    /// What statements are answered with, by name.
    fn answers(&self, file: &str) -> Vec<(String, Told)> {
        let table = self.psql("SELECT oid FROM pg_class WHERE relname = 'declaration'");
        let file = file.replace("{table}", &table[0]);
        let asked = statements(&file);
        let sent = asked.iter().map(|one| json!({"sql": one.sql, "values": one.values}));
        let answers = self.ask("statements", ("statements", sent.collect()));
        let answers = answers.as_array().unwrap().iter().map(told);
        asked.iter().map(|one| one.name.to_owned()).zip(answers).collect()
    }
}

/// What the owner sees in the only cell.
fn owner(server: &Server, sql: &str) -> String {
    let text = succeed(server.folder(), "home", &["sql", sql, "--format", "csv"]);
    text.lines().nth(1).unwrap().to_owned()
}

/// A statement of a file.
struct Statement<'a> {
    name: &'a str,
    sql: String,
    values: Vec<&'a str>,
}

/// The statements of a file, each a paragraph: its name, the statement, the values of its parameters.
fn statements(file: &str) -> Vec<Statement<'_>> {
    let is_statement = |paragraph: &&str| paragraph.lines().any(|line| !line.starts_with("--"));
    let statement = |paragraph| {
        let lines = || str::lines(paragraph);
        let sql: Vec<&str> = lines().filter(|line| !line.starts_with("--")).collect();
        let with = lines().find_map(|line| line.strip_prefix("-- with "));
        Statement {
            name: lines().find_map(|line| line.strip_prefix("-- ")).unwrap(),
            sql: sql.join("\n"),
            values: with.map(|values| values.split(", ").collect()).unwrap_or_default(),
        }
    };
    file.split("\n\n").filter(is_statement).map(statement).collect()
}

/// Rows of a statement that is answered.
fn rows<'a>(answers: &'a [(String, Told)], name: &str) -> &'a [Vec<Option<String>>] {
    let (_, told) = answers.iter().find(|(known, _)| known == name).unwrap();
    told.as_ref().unwrap()
}

/// Cells of one column, in order.
fn column(rows: &[Vec<Option<String>>], at: usize) -> Vec<&str> {
    let mut cells: Vec<&str> = rows.iter().filter_map(|row| row[at].as_deref()).collect();
    cells.sort_unstable();
    cells
}

#[test]
fn pandas_and_sqlalchemy_read_and_reflect_what_is_shown() {
    let office = Office::open();
    let tables = office.psql("SELECT table_name FROM information_schema.tables ORDER BY 1");
    let columns = office.psql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'declaration' ORDER BY ordinal_position",
    );
    let comment =
        office.psql("SELECT description FROM information_schema.tables WHERE table_name = 'declaration'");
    let own = format!("SELECT count(*) FROM declaration WHERE office_id = '{}'", office.id);
    let own: u64 = owner(&office.server, &own).parse().unwrap();
    assert!(!tables.contains(&"quarantine".to_owned()), "it is not there for officers");
    let told = office.ask("sqlalchemy", ("office", json!(office.id)));
    for driver in ["psycopg", "psycopg2"] {
        let told = &told[driver];
        assert_eq!(told["tables"], json!(tables), "{driver}");
        assert_eq!(told["has"], json!([true, false]), "{driver}");
        assert!(told["schemas"].as_array().unwrap().contains(&json!("public")), "{driver}: {told}");
        let described = told["columns"].as_array().unwrap();
        let names: Vec<&str> = described.iter().map(|column| column[0].as_str().unwrap()).collect();
        assert_eq!(names, columns, "{driver}");
        let of = |name: &str| described.iter().find(|column| column[0] == name).unwrap();
        assert_eq!(of("declaration_id")[1], "TEXT", "{driver}");
        assert!(of("gross_mass_total")[1].as_str().unwrap().starts_with("NUMERIC("), "{driver}: {told}");
        assert_eq!(told["comment"], json!(comment[0]), "{driver}");
        assert_eq!(told["keys"], json!([[], [], [], [], [], [], []]), "{driver}");
        for count in ["read", "bound", "whole", "reflected"] {
            assert_eq!(told[count], json!(own), "{driver}: {count}");
        }
        let reflected: Vec<&str> =
            told["reflected tables"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(reflected.contains(&"declaration") && !reflected.contains(&"quarantine"), "{reflected:?}");
        assert_eq!(told["isolation"], "READ COMMITTED", "{driver}");
    }
}

#[test]
fn what_jdbc_and_dbeaver_ask_the_catalog_for_is_answered_with_what_is_shown() {
    let office = Office::open();
    let answers = [JDBC, DBEAVER].map(|file| office.answers(file));
    for (name, told) in answers.iter().flatten() {
        assert!(told.is_ok(), "{name}: {told:?}");
    }
    let [jdbc, dbeaver] = answers;
    let tables = office.psql("SELECT table_name FROM information_schema.tables ORDER BY 1");
    let shown =
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'declaration' ORDER BY 1";
    let columns = office.psql(shown);
    assert_eq!(column(rows(&jdbc, "getTables of some kinds"), 2), tables);
    assert_eq!(column(rows(&jdbc, "getColumns"), 2), columns);
    assert_eq!(column(rows(&jdbc, "getSchemas by pattern"), 0), ["public"]);
    assert_eq!(column(rows(&jdbc, "getMaxIndexKeys"), 0), ["32"]);
    assert_eq!(column(rows(&jdbc, "name of a type"), 2), ["text"]);
    assert_eq!(rows(&jdbc, "kind of a type")[0][2].as_deref(), Some("_text"));
    assert!(rows(&jdbc, "kinds of all types").len() > 100);
    let hidden = |name: &&str| *name == "quarantine" || *name == "inclusion_probability";
    assert!(!column(rows(&jdbc, "getTables"), 2).iter().any(hidden));
    assert!(!column(rows(&jdbc, "getColumns of everything"), 2).iter().any(hidden));
    for nothing in ["getPrimaryKeys", "getImportedKeys", "getIndexInfo", "getProcedures", "getFunctions"] {
        assert!(rows(&jdbc, nothing).is_empty(), "{nothing}");
    }
    assert_eq!(column(rows(&dbeaver, "the database"), 1).len(), 1);
    assert_eq!(rows(&dbeaver, "where one is")[0], [Some("public".to_owned()), Some("Ou".to_owned())]);
    // The number, which comes twice, and then the name.
    assert_eq!(column(rows(&dbeaver, "tables"), 2), tables);
    assert_eq!(column(rows(&dbeaver, "columns"), 2), columns);
    assert_eq!(rows(&dbeaver, "a type by its number")[0][2].as_deref(), Some("numeric"));
    assert_eq!(rows(&dbeaver, "rights")[0], [Some("True".to_owned()), Some("False".to_owned())]);
    for nothing in
        ["constraints", "indexes", "triggers", "rules", "policies of rows", "parents", "procedures"]
    {
        assert!(rows(&dbeaver, nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn what_odbc_asks_the_catalog_for_is_answered_with_what_is_shown() {
    let office = Office::open();
    let odbc = office.answers(ODBC);
    for (name, told) in &odbc {
        assert!(told.is_ok(), "{name}: {told:?}");
    }
    let tables = office.psql("SELECT table_name FROM information_schema.tables ORDER BY 1");
    let shown =
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'declaration' ORDER BY 1";
    assert_eq!(column(rows(&odbc, "SQLTables"), 0), tables);
    assert_eq!(column(rows(&odbc, "SQLColumns"), 2), office.psql(shown));
    assert_eq!(rows(&odbc, "SQLTables of catalogs")[0], [None::<String>, None, None]);
    assert_eq!(column(rows(&odbc, "SQLTables of schemas"), 1), ["public"]);
    assert_eq!(column(rows(&odbc, "SQLTables of types"), 2), ["m", "r", "v"]);
    for nothing in ["SQLPrimaryKeys", "SQLStatistics", "SQLProcedures"] {
        assert!(rows(&odbc, nothing).is_empty(), "{nothing}");
    }
}

/// psycopg gives texts no type, as node-postgres and lib/pq give none to anything.
#[test]
fn values_without_a_type_are_what_they_stand_for() {
    let office = Office::open();
    let all = office.psql("SELECT count(*) FROM declaration").remove(0);
    let own = format!(r#"{{"{}","no, none"}}"#, office.id);
    let statements = json!([
        {"sql": "SELECT count(*) FROM declaration WHERE office_id = ANY($1)", "values": [own]},
        {"sql": "SELECT count(*) FROM declaration WHERE office_id = ANY($1::text[])", "values": [own]},
        {"sql": "SELECT count(*) FROM declaration WHERE office_id <> ALL($1)", "values": [own]},
        {"sql": "SELECT count(*) FROM (SELECT month FROM declaration LIMIT $1 OFFSET $2) AS m", "values": ["2", "1"]},
        {"sql": "SELECT $1", "values": [r#"{"a": 1}"#]},
    ]);
    let told_all = office.ask("statements", ("statements", statements));
    let answers: Vec<Told> = told_all.as_array().unwrap().iter().map(told).collect();
    let wanted = [all.as_str(), &all, "0", "2", r#"{"a": 1}"#];
    assert_eq!(answers, wanted.map(|cell| -> Told { Ok(vec![vec![Some(cell.to_owned())]]) }));
}

#[test]
fn what_odbc_writes_is_read_as_postgresql_reads_it() {
    let office = Office::open();
    let told = |sql: &str| office.psql(sql).remove(0);
    assert_eq!(told("SELECT mod(5, 3), 1, 1, concat('a', 2, NULL)"), "2|1|1|a2");
    let selected = "SELECT count(*) FROM decision WHERE is_selected";
    assert_eq!(told(&format!("{selected} = '1'")), told(selected));
}

/// Tools ask so whether a table has rows at all.
#[test]
fn limits_hold_where_no_column_is_read() {
    let office = Office::open();
    let analyst = office.server.person(&["Ana", "--role", "analyst", "--clearance", "general-3"]);
    for table in ["declaration", "goods_item", "inspection"] {
        let sql = format!("SELECT 1 AS one FROM {table} LIMIT 3");
        let told = office.server.psql("Ana", &analyst, "risk-analysis", &["-c", &sql]).unwrap();
        assert_eq!(told, "1\n1\n1", "{table}");
        let of_owner = succeed(office.server.folder(), "home", &["sql", &sql, "--format", "csv"]);
        assert_eq!(of_owner, "one\n1\n1\n1\n", "{table}");
        let past = format!("SELECT 1 FROM {table} LIMIT 2 OFFSET 1");
        assert_eq!(office.server.psql("Ana", &analyst, "risk-analysis", &["-c", &past]).unwrap(), "1\n1");
        let whole = format!("SELECT count(*) FROM {table}");
        let all = office.server.psql("Ana", &analyst, "risk-analysis", &["-c", &whole]).unwrap();
        assert_eq!(all, owner(&office.server, &whole), "{table}");
    }
}

/// What a form sends of the fields that nobody filled in.
#[test]
fn absent_values_of_optional_conditions_are_values() {
    let office = Office::open();
    let all = office.psql("SELECT count(*) FROM declaration").remove(0);
    let optional = "SELECT count(*) FROM declaration WHERE ($1::text IS NULL OR office_id = $2)";
    let statements = json!([
        {"sql": optional, "values": [null, null]},
        {"sql": optional, "values": [office.id, office.id]},
        {"sql": optional, "values": ["", "nowhere"]},
        {"sql": "SELECT $1::int IS NULL, $2::text", "values": [null, "a"]},
        {"sql": "SELECT count(*) FROM declaration WHERE office_id = coalesce($1, office_id)", "values": [null]},
    ]);
    let told_all = office.ask("statements", ("statements", statements));
    let answers: Vec<Told> = told_all.as_array().unwrap().iter().map(told).collect();
    let one =
        |cells: &[&str]| -> Told { Ok(vec![cells.iter().map(|cell| Some((*cell).to_owned())).collect()]) };
    let wanted = [one(&[&all]), one(&[&all]), one(&["0"]), one(&["True", "a"]), one(&[&all])];
    assert_eq!(answers, wanted);
}

#[test]
fn names_that_tools_put_together_from_the_catalog_are_those_of_tables() {
    let office = Office::open();
    let own = "SELECT DISTINCT table_catalog = current_database() FROM information_schema.columns";
    assert_eq!(office.psql(own), ["t"]);
    let analyst = office.server.person(&["Ana", "--role", "analyst", "--clearance", "general-3"]);
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        office.server.psql("Ana", &analyst, "risk-analysis", &["-c", &sql])
    };
    let all = owner(&office.server, "SELECT count(*) FROM tidegate.public.declaration");
    assert_eq!(count(r#""risk-analysis"."public"."declaration""#).unwrap(), all);
    for other in ["datafusion", "inspection", "tidegate"] {
        let refused = count(&format!("{other}.public.declaration")).unwrap_err();
        assert!(refused.contains(&format!("'{other}.public.declaration' not found")), "{refused}");
    }
    // Over Arrow Flight SQL.
    let tables = office.psql("SELECT table_name FROM information_schema.tables ORDER BY 1");
    let named: Vec<Value> = tables.iter().map(|table| json!(["inspection", "public", table])).collect();
    let told = office.ask("objects", ("flight", json!(office.server.flight)));
    assert_eq!(told, json!({"all": named, "own": named, "other": []}));
}
