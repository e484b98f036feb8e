//! What is refused, where, and what the refusal says.

use super::{refusal, refusal_as};
use crate::expr::Expected;
use crate::expr::limits::{MAX_DEPTH, MAX_LIST_ITEMS, MAX_NODES, MAX_TEXT_BYTES, MAX_TOKENS};

/// Every message begins with the place, shown here as column within the expression.
fn refused(sql: &str, column: usize, message: &str) {
    assert_eq!(refusal(sql), format!("rules/price.toml:10:{}: {message}", column + 12), "{sql}");
}

#[test]
fn text_is_never_coerced_to_a_number() {
    refused(
        "commodity_hs6 = 10121",
        1,
        "commodity_hs6 is text and 10121 is a number, which do not go together; \
         codes are text: write '10121', with its leading zeros",
    );
    refused(
        "ln(net_mass_kg) > 'x'",
        1,
        "ln(...) is a number and 'x' is text, which do not go together; write the number without quotes: x",
    );
    refused("'a' + 1", 1, "'a' is text, but + needs a number; if it holds one, write CAST('a' AS DOUBLE)");
    refused(
        "quantity = commodity_hs6",
        1,
        "quantity is a number and commodity_hs6 is text, which do not go together; \
         convert one, as in CAST(commodity_hs6 AS DOUBLE)",
    );
    for mixed in [
        "commodity_hs6 IN ('010121', 10121)",
        "quantity IN (1, '2')",
        "quantity BETWEEN '1' AND '2'",
        "CASE WHEN is_aeo THEN 1 ELSE 'one' END",
        "CASE quantity WHEN '1' THEN 1 END",
        "coalesce(quantity, 'none')",
        "nullif(commodity_hs6, 0)",
        "greatest(quantity, commodity_hs6)",
        "commodity_hs6 IS DISTINCT FROM 10121",
    ] {
        assert!(refusal(mixed).contains("which do not go together"), "{}", refusal(mixed));
    }
}

#[test]
fn kinds_are_checked_everywhere_else() {
    refused(
        "quantity AND is_aeo",
        1,
        "quantity is a number, but AND needs a truth value; compare it, as in quantity > 0",
    );
    refused(
        "abs(is_aeo)",
        5,
        "is_aeo is a truth value, but abs needs a number; write CASE WHEN is_aeo THEN 1 ELSE 0 END",
    );
    refused(
        "declared_on + 1",
        1,
        "declared_on is a date, but + needs a number; write day_number(declared_on) for the days since 1970-01-01",
    );
    refused(
        "length(quantity)",
        8,
        "quantity is a number, but length needs text; write CAST(quantity AS VARCHAR)",
    );
    refused(
        "year(commodity_hs6)",
        6,
        "commodity_hs6 is text, but year needs a date or a timestamp; if it holds one, write CAST(commodity_hs6 AS DATE)",
    );
    refused(
        "declared_on > '2024-01-31'",
        1,
        "declared_on is a date and '2024-01-31' is text, which do not go together; write DATE '2024-01-31'",
    );
    refused(
        "CAST(is_aeo AS DATE)",
        6,
        "is_aeo is a truth value, which has no counterpart as a date; there is no other way round",
    );
    refused(
        "is_aeo = 1",
        1,
        "is_aeo is a truth value and 1 is a number, which do not go together; \
         use the condition itself, or NOT and the condition",
    );
}

#[test]
fn unknown_names_come_with_the_nearest() {
    refused("net_mas_kg > 2", 1, "there is no column net_mas_kg; did you mean net_mass_kg?");
    refused("origin_country_code = \"CN\"", 23, "there is no column CN; text stands in single quotes: 'CN'");
    refused("importer = 'x'", 1, "there is no column importer; see the list of columns of this table");
    refused("lenght(commodity_hs6) > 2", 1, "there is no function lenght; did you mean length?");
    refused("foo(1)", 1, "there is no function foo; see the list of functions for expressions");
    refused(
        "d.quantity > 1",
        1,
        "a name with a point or an index is not allowed in an expression; write the column's name alone",
    );
}

#[test]
fn places_are_right_in_texts_of_several_lines() {
    let error = refusal("quantity > 1\n  AND net_mas_kg > 2");
    assert!(error.starts_with("rules/price.toml:11:7: there is no column"), "{error}");
    let error = refusal("quantity >\n  )");
    assert!(error.starts_with("rules/price.toml:11:3: this is not an SQL expression: expected"), "{error}");
    let error = refusal("quantity > 1 quantity");
    assert!(
        error.starts_with("rules/price.toml:10:26: this is not an SQL expression: unexpected quantity"),
        "{error}"
    );
    let error = refusal("origin_country_code = 'CN");
    assert!(error.starts_with("rules/price.toml:10:35: this is not an SQL expression"), "{error}");
    assert_eq!(
        refusal("  -- nothing"),
        "rules/price.toml:10:13: this is not an SQL expression: the text is empty"
    );
}

#[test]
fn clock_chance_and_other_records_are_out_of_reach() {
    for (sql, why) in [
        ("declared_on < now()", "the clock is not read"),
        ("declared_on < current_date", "the clock is not read"),
        ("accepted_at < CURRENT_TIMESTAMP", "the clock is not read"),
        ("random() < 0.1", "nothing here is random"),
        ("uuid() = 'x'", "nothing here is random"),
        ("sum(quantity) > 1", "an expression sees one record"),
        ("count(*) > 1", "an expression sees one record"),
        ("row_number() OVER (ORDER BY quantity) = 1", "an expression sees one record"),
        ("abs(quantity) OVER () = 1", "a window function is not allowed"),
        ("quantity = (SELECT max(quantity) FROM d)", "a subquery is not allowed"),
        ("EXISTS (SELECT 1)", "a subquery is not allowed"),
        ("quantity IN (SELECT 1)", "a subquery is not allowed"),
    ] {
        let error = refusal(sql);
        assert!(error.starts_with("rules/price.toml:10:") && error.contains(why), "{sql}: {error}");
    }
}

#[test]
fn everything_else_is_refused_by_its_name() {
    for (sql, what) in [
        ("quantity > $1", "a parameter"),
        ("quantity > ?", "a parameter"),
        ("INTERVAL '1' DAY", "INTERVAL"),
        ("commodity_hs6 ~ 'x'", "the operator ~"),
        ("quantity & 1 = 1", "the operator &"),
        ("commodity_hs6 SIMILAR TO 'x'", "a regular expression"),
        ("commodity_hs6 LIKE 'x!%' ESCAPE '!'", "LIKE with ANY or ESCAPE"),
        ("commodity_hs6 LIKE origin_country_code", "a LIKE pattern that is not a constant"),
        ("(quantity, quantity) = (1, 2)", "a row of several values"),
        ("accepted_at AT TIME ZONE 'UTC' > accepted_at", "AT TIME ZONE"),
        ("quantity IN (1, NULL)", "NULL in an IN list"),
        ("quantity IN (1, quantity + 1)", "the result of + in an IN list"),
        ("quantity = NULL", "comparing with NULL by ="),
        ("(NULL) <> quantity", "comparing with NULL by <>"),
        ("CAST(quantity AS SMALLINT)", "CAST to SMALLINT"),
        ("CAST(quantity AS DECIMAL(38, 30))", "CAST to DECIMAL(38,30)"),
        ("CAST(commodity_hs6 AS VARCHAR(3))", "CAST to VARCHAR(3)"),
        ("EXTRACT(SECOND FROM accepted_at)", "EXTRACT of second"),
        ("date_trunc('hour', accepted_at)", "date_trunc of hour"),
        ("abs(DISTINCT quantity)", "this form of call"),
        ("abs(x => quantity)", "this form of call"),
        ("ceil(quantity, 2)", "this construct"),
        ("trim('x' FROM commodity_hs6)", "this form of TRIM"),
        ("X'00' = commodity_hs6", "this form of literal"),
        ("ARRAY[1] = ARRAY[1]", "this construct"),
        ("quantity COLLATE x > 1", "this construct"),
    ] {
        let error = refusal(sql);
        assert!(error.contains(what) && error.contains("not allowed in an expression"), "{sql}: {error}");
    }
    assert!(
        refusal("DATE '2024-02-30' = declared_on")
            .contains("'2024-02-30' is not a date; write DATE '2024-01-31'")
    );
    assert!(refusal("quantity > 1e999").contains("1e999 is not a number"));
    assert!(refusal("round(quantity, 1, 2)").contains("round(x [, digits]) was called with 3 arguments"));
    assert!(refusal("date_part(year, accepted_at)").contains("date_part('month', date) was called with"));
}

#[test]
fn a_condition_must_depend_on_the_record() {
    for (sql, value) in [
        ("TRUE", "TRUE"),
        ("1 > 2", "FALSE"),
        ("NULL", "NULL"),
        ("is_aeo OR 1 = 1", "TRUE"),
        ("is_aeo AND upper('a') = 'a'", "FALSE"),
        ("net_mass_kg > CAST('x' AS DOUBLE)", "NULL"),
    ] {
        let message = format!(
            "rules/price.toml:10:13: the condition is always {value}, so it decides nothing; compare at least one column"
        );
        assert_eq!(refusal_as(sql, Expected::Boolean), message, "{sql}");
    }
}

#[test]
fn the_result_must_be_what_the_place_needs() {
    let at = "rules/price.toml:10:13: the expression gives";
    assert_eq!(
        refusal_as("quantity", Expected::Boolean),
        format!("{at} a number, but a condition is needed here; compare it with something")
    );
    assert_eq!(
        refusal_as("is_aeo", Expected::Number),
        format!("{at} a truth value, but a number is needed here; write CASE WHEN ... THEN 1 ELSE 0 END")
    );
    assert_eq!(
        refusal_as("quantity", Expected::Text),
        format!("{at} a number, but text is needed here; write CAST(... AS VARCHAR)")
    );
    assert!(refusal_as("NULL", Expected::Number).starts_with(at));
}

#[test]
fn limits_hold_before_stack_or_memory_runs_out() {
    let too_many = |sql: &str, limit: usize| {
        let error = refusal(sql);
        assert!(error.contains(&format!("the expression has more than {limit} ")), "{error}");
    };
    too_many(&" ".repeat(MAX_TEXT_BYTES + 1), MAX_TEXT_BYTES);
    too_many(&format!("quantity{}", "+1".repeat(MAX_TOKENS / 2)), MAX_TOKENS);
    too_many(&format!("quantity{}", "+1".repeat(MAX_TOKENS / 2 - 1)), MAX_DEPTH);
    too_many(&format!("quantity{} IS NULL", "::int".repeat(MAX_TOKENS / 3 - 1)), MAX_DEPTH);
    too_many(&format!("quantity{}", " IS NULL".repeat(MAX_TOKENS / 2 - 1)), MAX_DEPTH);
    too_many(&format!("is_aeo{}", " OR is_aeo".repeat(MAX_NODES)), MAX_NODES);
    let list: Vec<_> = (0..=MAX_LIST_ITEMS).map(|n| n.to_string()).collect();
    too_many(&format!("quantity IN ({})", list.join(",")), MAX_LIST_ITEMS);
    for nested in ["(", "abs(", "- ", "quantity + (", "quantity IN ("] {
        let error = refusal(&nested.repeat(900));
        assert!(error.contains("levels of nesting"), "{nested}: {error}");
    }
    // When it may go no deeper, the parser takes such a word for a name, and what follows makes no sense to it.
    for nested in ["NOT ", "CASE WHEN "] {
        assert!(refusal(&nested.repeat(900)).contains("not an SQL expression"));
    }
    // An operand copied by each BETWEEN around it would double the tree forty times.
    let mut sql = "quantity".to_owned();
    for _ in 0..12 {
        sql = format!("CASE WHEN ({sql}) BETWEEN 0 AND 1 THEN 1 ELSE 0 END");
    }
    too_many(&sql, MAX_NODES);
}
