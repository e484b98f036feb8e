//! Formats of the WCO Data Model: `an..35` is at most 35 characters, `a2` two letters, `n..16,3` at most 16
//! digits of which 3 after the point.

use super::Findings;
use crate::class::{Class, FieldKind, FieldRef, LeafRef};
use crate::path::Pointer;
use crate::value::Decimal;

/// Checks every value of a class and of the classes below it.
pub(super) fn check(class: &dyn Class, at: &Pointer, findings: &mut Findings) {
    for (index, field) in class.definition().fields.iter().enumerate() {
        match (field.kind, class.field(index)) {
            (FieldKind::Leaf { format, .. }, FieldRef::Leaf(leaf)) if !leaf.is_empty() => {
                check_leaf(leaf, format, || at.leaf(field.id), findings);
            }
            (_, FieldRef::One(child)) if !child.is_empty() => {
                check(child, &at.class(child.definition().id, None), findings);
            }
            (_, FieldRef::Many(list)) => {
                for occurrence in 0..list.len() {
                    if let Some(child) = list.get(occurrence) {
                        check(child, &at.class(child.definition().id, Some(occurrence)), findings);
                    }
                }
            }
            _ => {}
        }
    }
}

fn check_leaf(leaf: LeafRef<'_>, format: &str, at: impl Fn() -> Pointer, findings: &mut Findings) {
    match leaf {
        LeafRef::Text(Some(text)) => check_text(text, format, at, findings),
        LeafRef::Decimal(Some(value)) => check_number(value, format, at, findings),
        LeafRef::Amount(Some(amount)) => check_number(amount.value, format, at, findings),
        LeafRef::Measure(Some(measure)) => check_number(measure.value, format, at, findings),
        _ => {}
    }
}

/// Longest text a format allows, and whether only digits may stand in it.
fn text_limit(format: &str) -> Option<(usize, bool)> {
    let length = format.trim_start_matches(['a', 'n']).trim_start_matches("..");
    let length = length.split(',').next().unwrap_or(length).parse().ok()?;
    Some((length, format.starts_with('n')))
}

fn check_text(text: &str, format: &str, at: impl Fn() -> Pointer, findings: &mut Findings) {
    let Some((limit, digits_only)) = text_limit(format) else { return };
    if text.len() > limit {
        let length = text.chars().count();
        if length > limit {
            findings.push(
                "format.length",
                at(),
                format!("{length} characters; at most {limit} are allowed ({format})"),
            );
        }
    }
    if digits_only && !text.bytes().all(|b| b.is_ascii_digit()) {
        findings.push("format.digits-only", at(), format!("`{text}` should hold digits only ({format})"));
    }
}

fn check_number(value: Decimal, format: &str, at: impl Fn() -> Pointer, findings: &mut Findings) {
    if value.is_sign_negative() && !value.is_zero() {
        findings.push("value.negative", at(), format!("{value} is below zero"));
    }
    let Some((digits, decimals)) = number_limit(format) else { return };
    let after = value.normalize().scale();
    let before = value.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |d| d + 1);
    if after > decimals || before + decimals > digits + decimals {
        let message = format!(
            "{value} has more digits than {format} keeps: {digits} in all, {decimals} after the point"
        );
        findings.push("format.digits", at(), message);
    }
}

/// Digits in all and digits after the point that a numeric format keeps. The columns keep three digits after
/// the point of money and six of everything else, whatever finer format a field states.
fn number_limit(format: &str) -> Option<(u32, u32)> {
    let rest = format.trim_start_matches(['a', 'n']).trim_start_matches("..");
    let mut parts = rest.split(',');
    let digits = parts.next()?.parse().ok()?;
    let decimals = match parts.next() {
        Some(d) => d.parse().ok()?,
        None => 0,
    };
    Some((digits, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read() {
        assert_eq!(text_limit("an..35"), Some((35, false)));
        assert_eq!(text_limit("a2"), Some((2, false)));
        assert_eq!(text_limit("n..2"), Some((2, true)));
        assert_eq!(number_limit("n..16,6"), Some((16, 6)));
        assert_eq!(number_limit("n..15"), Some((15, 0)));
    }
}
