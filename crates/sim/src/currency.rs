//! Exchange rates of the simulated year: fixed, of the order of those of 2025.

/// Units of a currency that one United States dollar buys.
const UNITS_A_DOLLAR: &[(&str, f64)] = &[
    ("AUD", 1.54),
    ("BRL", 5.6),
    ("CAD", 1.38),
    ("CHF", 0.82),
    ("CNY", 7.15),
    ("EUR", 0.88),
    ("GBP", 0.75),
    ("IDR", 16_300.0),
    ("INR", 86.0),
    ("JPY", 148.0),
    ("KRW", 1_390.0),
    ("MXN", 18.9),
    ("SGD", 1.29),
    ("THB", 32.6),
    ("TRY", 40.0),
    ("USD", 1.0),
    ("ZAR", 17.8),
];

/// Units of a currency that one dollar buys, when the currency is known.
pub(crate) fn units_a_dollar(code: &str) -> Option<f64> {
    UNITS_A_DOLLAR.iter().find(|(c, _)| *c == code).map(|(_, rate)| *rate)
}

/// Codes known, for messages.
pub(crate) fn known() -> String {
    UNITS_A_DOLLAR.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(", ")
}
