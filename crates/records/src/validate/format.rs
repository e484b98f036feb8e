//! Formats of the WCO Data Model: `an..35` is at most 35 characters, `a2` two letters, `n..16,3` at most 16
//! digits of which 3 after the point.

use super::Findings;
use crate::class::{Class, FieldKind, FieldRef, LeafRef};
use crate::path::Pointer;
use crate::value::Decimal;

/// Checks every value of a class and of the classes below it; the pointer to it is made when a finding needs one.
pub(super) fn check(class: &dyn Class, at: &dyn Fn() -> Pointer, findings: &mut Findings) {
    for (index, field) in class.definition().fields.iter().enumerate() {
        match (field.kind, class.field(index)) {
            (FieldKind::Leaf { format, .. }, FieldRef::Leaf(leaf)) => {
                let pointer = || at().leaf(field.id);
                if !field.may_be_negative() {
                    check_sign(leaf, pointer, findings);
                }
                check_leaf(leaf, format, pointer, findings);
            }
            (_, FieldRef::One(child)) => check(child, &|| at().class(field.id, None), findings),
            (_, FieldRef::Many(list)) => {
                for occurrence in 0..list.len() {
                    if let Some(child) = list.get(occurrence) {
                        check(child, &|| at().class(field.id, Some(occurrence)), findings);
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

/// Length or digits in all that a format allows, and digits after the point.
fn limits(format: &str) -> (u32, u32) {
    let (mut all, mut after, mut behind_comma) = (0, 0, false);
    for byte in format.bytes() {
        match byte {
            b',' => behind_comma = true,
            b'0'..=b'9' => {
                let number = if behind_comma { &mut after } else { &mut all };
                *number = *number * 10 + u32::from(byte - b'0');
            }
            _ => {}
        }
    }
    (all, after)
}

fn check_text(text: &str, format: &str, at: impl Fn() -> Pointer, findings: &mut Findings) {
    let limit = limits(format).0 as usize;
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
    if format.starts_with('n') && !text.bytes().all(|b| b.is_ascii_digit()) {
        findings.push("format.digits-only", at(), format!("`{text}` should hold digits only ({format})"));
    }
}

fn check_sign(leaf: LeafRef<'_>, at: impl Fn() -> Pointer, findings: &mut Findings) {
    let value = match leaf {
        LeafRef::Decimal(Some(value)) => value,
        LeafRef::Amount(Some(amount)) => amount.value,
        LeafRef::Measure(Some(measure)) => measure.value,
        _ => return,
    };
    if value.is_sign_negative() && !value.is_zero() {
        findings.push("value.negative", at(), format!("{value} is below zero"));
    }
}

fn check_number(value: Decimal, format: &str, at: impl Fn() -> Pointer, findings: &mut Findings) {
    let (digits, decimals) = limits(format);
    let after = if value.scale() > decimals { value.normalize().scale() } else { value.scale() };
    let before = value.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |d| d + 1);
    if after > decimals || before > digits {
        let message = format!(
            "{value} has more digits than {format} keeps: {digits} in all, {decimals} after the point"
        );
        findings.push("format.digits", at(), message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read() {
        assert_eq!(limits("an..35"), (35, 0));
        assert_eq!(limits("a2"), (2, 0));
        assert_eq!(limits("n..2"), (2, 0));
        assert_eq!(limits("n..16,6"), (16, 6));
        assert_eq!(limits("n..15"), (15, 0));
    }
}
