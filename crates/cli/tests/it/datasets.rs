//! Datasets, grades and retention at the command line.

use crate::{run, succeed};
use std::path::Path;
use tempfile::TempDir;

fn country(folder: &Path) {
    succeed(folder, "home", &["generate", "--declarations", "600", "--seed", "5", "--truth", "truth"]);
}

fn add(folder: &Path, name: &str, more: &[&str]) {
    succeed(folder, "home", &[&["people", "add", name, "--reason", "a test"], more].concat());
}

#[test]
fn datasets_are_made_described_and_read_under_the_policy() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let empty = run(folder, "home", &["datasets", "refresh"]);
    assert!(String::from_utf8_lossy(&empty.stderr).contains("run `tidegate ingest` first"));
    country(folder);
    let listed = succeed(folder, "home", &["datasets", "list"]);
    assert!(listed.contains("inspection_rates") && listed.contains("not made yet"), "{listed}");
    let unknown = run(folder, "home", &["datasets", "refresh", "rates"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no dataset `rates`"));

    succeed(folder, "home", &["datasets", "write", "own"]);
    let sound = succeed(folder, "home", &["datasets", "check", "own"]);
    assert!(sound.contains("declaration_counts: sound; made month by month"), "{sound}");
    let made = ["datasets", "refresh", "declaration_counts", "trade_statistics", "--from", "own"];
    assert!(succeed(folder, "home", &made).contains("declaration_counts       made anew"));
    assert!(succeed(folder, "home", &made).contains("nothing to do"));
    let shown = succeed(folder, "home", &["datasets", "show", "declaration_counts"]);
    assert!(
        shown.contains("from declaration.office_id") && shown.contains("passed  unique month"),
        "{shown}"
    );
    let broken = std::fs::read_to_string(folder.join("own/declaration/declaration_counts.sql")).unwrap();
    let broken = broken.replace("count(*) AS declarations", "count(*) AS declared");
    std::fs::write(folder.join("own/declaration/declaration_counts.sql"), broken).unwrap();
    let refused = run(folder, "home", &["datasets", "check", "own"]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("dataset declaration_counts:"), "{message}");

    let all = succeed(
        folder,
        "home",
        &["sql", "--format", "csv", "select distinct office_id from declaration_counts order by 1"],
    );
    let office = all.lines().nth(1).unwrap();
    assert!(all.lines().count() > 2, "{all}");
    add(folder, "Ou Fei", &["--role", "officer", "--office", office, "--clearance", "general-3"]);
    let sql = "select distinct office_id from declaration_counts";
    let own = ["sql", "--as", "Ou Fei", "--purpose", "inspection", "--format", "csv", sql];
    assert_eq!(succeed(folder, "home", &own), format!("office_id\n{office}\n"));
    let statistics = ["sql", "--as", "Ou Fei", "--purpose", "inspection", "select * from trade_statistics"];
    let refused = run(folder, "home", &statistics);
    assert!(!refused.status.success(), "no filter of the office's names it");
    let access = |name| succeed(folder, "home", &["policies", "access", name, "--purpose", "inspection"]);
    let told = access("Ou Fei");
    assert!(told.contains("\ndeclaration_counts: rows of own-office"), "{told}");
    assert!(told.contains("\ndeclaration_item: goods_item and declaration"), "{told}");
    assert!(!told.contains("trade_statistics"), "what is not there is not told: {told}");
    assert!(access("local owner").contains("is shown everything"));
    add(folder, "Zoll", &["--role", "partner", "--organisation", "DE", "--clearance", "general-2"]);
    let of_partner =
        ["sql", "--as", "Zoll", "--purpose", "cooperation", "select count(*) as n from trade_statistics"];
    succeed(folder, "home", &of_partner);
    let told = succeed(folder, "home", &["audit", "log", "--event", "dataset"]);
    assert!(
        told.contains("dataset trade_statistics, version 1") && told.contains("graded at most"),
        "{told}"
    );
}

#[test]
fn datasets_of_ones_own_are_refreshed_by_the_timer_and_by_name() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    country(folder);
    let missing = |arguments: &[&str], words: &str| {
        let refused = run(folder, "home", &[&["datasets"], arguments].concat());
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && message.contains(words), "{arguments:?}: {message}");
    };
    missing(&["show", "mine"], "there is no dataset `mine`; `tidegate datasets list` names them");
    missing(&["show", "loads"], "`tidegate datasets refresh loads` makes it");
    missing(&["refresh", "mine"], "there is no dataset `mine`");
    std::fs::create_dir_all(folder.join("own/declaration")).unwrap();
    let text = "-- title = \"Mine\"\n-- description = \"Declarations by office.\"\n-- owner = \"tests\"\n\
        -- refresh = \"daily\"\n-- unique = [\"office_id\"]\n-- [columns.office_id]\n-- description = \"Office\"\n\
        -- [columns.n]\n-- description = \"How many\"\n\
        SELECT office_id, count(*) AS n FROM declaration GROUP BY office_id\n";
    std::fs::write(folder.join("own/declaration/mine.sql"), text).unwrap();
    succeed(folder, "home", &["datasets", "refresh", "--from", "own"]);
    std::fs::remove_dir_all(folder.join("own")).unwrap();
    let due = succeed(folder, "home", &["datasets", "refresh", "--due"]);
    let of_mine = due.lines().find(|line| line.starts_with("mine ")).unwrap();
    assert!(of_mine.contains("nothing to do") && due.contains("declaration_counts"), "{due}");
    let whole = succeed(folder, "home", &["datasets", "refresh", "mine", "--whole"]);
    assert!(whole.starts_with("mine ") && whole.contains("made anew"), "{whole}");
    assert!(succeed(folder, "home", &["datasets", "show", "mine"]).contains("   2  "));

    let because = ["--reason", "its file was taken away"];
    missing(&[&["retire", "nosuch"], because.as_slice()].concat(), "there is no dataset `nosuch`");
    let retired = succeed(folder, "home", &[&["datasets", "retire", "mine"], because.as_slice()].concat());
    assert!(retired.starts_with("mine is retired"), "{retired}");
    missing(&[&["retire", "mine"], because.as_slice()].concat(), "the dataset mine is already retired");
    let sql = ["sql", "select * from mine"];
    assert!(!run(folder, "home", &sql).status.success(), "nobody reads it, the owner of the machine neither");
    missing(&["refresh", "mine"], "is retired (its file was taken away); `tidegate datasets restore mine");
    let all = succeed(folder, "home", &["datasets", "refresh"]);
    let of_mine = all.lines().find(|line| line.starts_with("mine ")).unwrap();
    assert!(of_mine.contains("retired, left as it is"), "{all}");
    for command in [["datasets", "list"].as_slice(), &["datasets", "show", "mine"]] {
        let told = succeed(folder, "home", command);
        assert!(told.contains("RETIRED since"), "{told}");
    }
    let restore = ["datasets", "restore", "mine", "--reason", "it is needed"];
    assert!(succeed(folder, "home", &restore).starts_with("mine is restored"));
    succeed(folder, "home", &sql);
    missing(&restore[1..], "holds no retired dataset mine");
    let told = succeed(folder, "home", &["audit", "log", "--event", "dataset"]);
    for act in ["dataset mine retired", "dataset mine restored", "its file was taken away"] {
        assert!(told.contains(act), "{act}: {told}");
    }
}

#[test]
fn grades_are_confirmed_and_rows_erased_with_a_certificate() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    country(folder);
    let found = succeed(folder, "home", &["grades", "detect"]);
    assert!(!found.is_empty());
    for kind in ["name of a person", "postal address"] {
        assert!(!found.contains(kind), "names of companies, goods and places are none: {found}");
    }
    add(folder, "Ana", &["--role", "analyst", "--clearance", "general-3"]);
    let sql = "select lrn from declaration limit 1";
    let read = ["sql", "--as", "Ana", "--purpose", "risk-analysis", sql];
    succeed(folder, "home", &read);
    let confirm = ["grades", "confirm", "declaration.lrn", "--grade", "general-4", "--reason", "holds names"];
    assert_eq!(succeed(folder, "home", &confirm), "declaration.lrn is general-4, consignment.\n");
    let refused = run(folder, "home", &read);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("no column `lrn`"),
        "above the clearance from now on"
    );
    assert!(succeed(folder, "home", &["grades", "list"]).contains("declaration.lrn: general-4"));

    assert!(succeed(folder, "home", &["retention", "due"]).contains("kept for ever"));
    let id = succeed(
        folder,
        "home",
        &["sql", "--format", "csv", "select min(declaration_id) as d from declaration"],
    );
    let id = id.lines().nth(1).unwrap();
    let hold = ["retention", "hold", "declaration", "--key", id, "--reason", "case 1"];
    assert_eq!(succeed(folder, "home", &hold), "Legal hold 1 is in force.\n");
    let erase = ["retention", "erase", "--declaration", id, "--reason", "request"];
    let refused = run(folder, "home", &erase);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("under a legal hold"));
    assert!(succeed(folder, "home", &["retention", "holds"]).contains(id));
    succeed(folder, "home", &["retention", "lift", "1", "--reason", "over"]);
    let certificates = succeed(folder, "home", &erase);
    assert!(
        certificates.contains("rows of declaration, declaration or party with keyed hash"),
        "{certificates}"
    );
    assert!(!certificates.contains(id));
    let again = run(folder, "home", &erase);
    assert!(!again.status.success());
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("is left: it was erased, by certificate 1 of"), "{told}");
    for (option, told) in [("--declaration", "there is no declaration nosuch"), ("--party", "names nosuch")] {
        let nobody = run(folder, "home", &["retention", "erase", option, "nosuch", "--reason", "request"]);
        let message = String::from_utf8_lossy(&nobody.stderr).into_owned();
        assert!(!nobody.status.success() && message.contains(told), "{message}");
    }
    let hold = ["retention", "hold", "declaration", "--key", "nosuch", "--reason", "case 2"];
    let placed = succeed(folder, "home", &hold);
    assert!(
        placed.starts_with("Legal hold 2 is in force.\nNo row is under it now: none is of nosuch"),
        "{placed}"
    );
    let left = format!("select count(*) as n from declaration where declaration_id = '{id}'");
    assert_eq!(succeed(folder, "home", &["sql", "--format", "csv", &left]), "n\n0\n");
    succeed(folder, "home", &["audit", "verify"]);
}

/// Where sole traders are registered, names of enterprises are those of persons.
#[test]
fn names_of_persons_are_told_by_content_and_kept_from_readers_once_confirmed() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let names =
        ["王伟", "李秀英", "John Smith", "Maria Garcia", "欧阳修", "Anping Bright Textiles Co., Ltd."];
    let record = |(number, name): (usize, &str)| {
        format!("{{\"id\":\"E{number}\",\"name\":\"{name}\",\"grade_code\":\"conventional\"}}\n")
    };
    let register: String = names.into_iter().cycle().take(60).enumerate().map(record).collect();
    std::fs::write(folder.join("register.ndjson"), register).unwrap();
    succeed(folder, "home", &["ingest", "--strict", "--as", "enterprise", "register.ndjson"]);
    let found = succeed(folder, "home", &["grades", "detect", "--table", "enterprise"]);
    let evidence = "enterprise.name: name of a person (50 of 60 values have the form of a name of a person";
    assert!(found.contains(evidence), "{found}");
    assert!(found.contains("confirm enterprise.name --grade general-4 --category person"), "{found}");
    add(folder, "Ana", &["--role", "analyst", "--clearance", "general-3"]);
    let read = ["sql", "--as", "Ana", "--purpose", "risk-analysis", "select name from enterprise limit 1"];
    let is_named = |told: &str| names.iter().any(|name| told.contains(name));
    assert!(is_named(&succeed(folder, "home", &read)));
    let confirm = ["grades", "confirm", "enterprise.name", "--grade", "general-4", "--category", "person"];
    succeed(folder, "home", &[confirm.as_slice(), &["--reason", "sole traders"]].concat());
    let told = succeed(folder, "home", &read);
    assert!(told.contains("p_") && !is_named(&told), "analysts are shown pseudonyms of persons: {told}");
}
