//! What codes mean, as readers find it beside the rows that carry them.

use crate::country::{Reader, officer, platform};
use tidegate_query::policy::Policy;

/// Declarations by the name that the country of departure had on the day of acceptance.
const BY_COUNTRY: &str = "SELECT c.name, count(*) AS n FROM declaration d JOIN code c ON c.list = 'country' \
    AND c.code = d.export_country_code AND coalesce(c.valid_from <= CAST(d.accepted_at AS DATE), true) \
    AND coalesce(CAST(d.accepted_at AS DATE) < c.valid_until, true) GROUP BY c.name";

#[tokio::test]
async fn a_reader_with_filtered_rows_joins_what_their_codes_mean() {
    let platform = platform(&Policy::shipped_files());
    let reader = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    let names = ["Germany 3", "Japan 3", "Korea, Republic of 3", "Netherlands 3"];
    assert_eq!(reader.lines(BY_COUNTRY).await, names);
    let of_moments = BY_COUNTRY.replace("CAST(d.accepted_at AS DATE)", "d.accepted_at");
    assert_eq!(reader.lines(&of_moments).await, names, "a day begins at midnight");
    let unmatched = "SELECT count(*) AS n FROM declaration d LEFT ANTI JOIN code c ON c.list = 'country' \
        AND c.code = d.export_country_code";
    assert_eq!(reader.lines(unmatched).await, ["0"]);
}

#[tokio::test]
async fn a_code_that_was_given_twice_has_a_row_for_each_period() {
    let platform = platform(&Policy::shipped_files());
    let reader = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    let on = async |day: &str| {
        let sql = format!(
            "SELECT name FROM code WHERE list = 'country' AND code = 'CS' \
             AND coalesce(valid_from <= DATE '{day}', true) AND coalesce(DATE '{day}' < valid_until, true)"
        );
        reader.lines(&sql).await
    };
    assert_eq!(on("1992-12-31").await, ["Czechoslovakia"]);
    assert!(on("1993-01-01").await.is_empty() && on("2006-06-03").await.is_empty());
    assert_eq!(on("2003-02-04").await, ["Serbia and Montenegro"]);
}

#[tokio::test]
async fn catalogs_tell_of_it_as_of_every_table() {
    let platform = platform(&Policy::shipped_files());
    let reader = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    let table = "SELECT domain, owner, made_at FROM information_schema.tables WHERE table_name = 'code'";
    assert_eq!(reader.lines(table).await, ["reference data-management -"]);
    let columns = "SELECT ordinal_position, column_name, data_type, is_nullable, grade \
        FROM information_schema.columns WHERE table_name = 'code'";
    assert_eq!(
        reader.lines(columns).await,
        [
            "1 list text NO general-1",
            "2 code text NO general-1",
            "3 name text NO general-1",
            "4 valid_from date YES general-1",
            "5 valid_until date YES general-1",
        ]
    );
    let types = "SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS told FROM pg_catalog.pg_attribute a \
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE c.relname = 'code' AND a.attname LIKE 'valid%'";
    assert_eq!(reader.lines(types).await, ["valid_from date", "valid_until date"]);
}

#[tokio::test]
async fn nobody_writes_to_it() {
    let platform = platform(&Policy::shipped_files());
    let reader = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    for sql in ["DELETE FROM code", "INSERT INTO code VALUES ('country', 'XY', 'Nowhere', NULL, NULL)"] {
        reader.refusal(sql).await;
    }
    let known = "SELECT count(*) AS n FROM code WHERE code = 'XY' AND list = 'country'";
    assert_eq!(reader.lines(known).await, ["0"]);
}
