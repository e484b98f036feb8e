//! Rows that are due, in pieces: a condition names the rows that stay, and may not name too many.

use super::set_aside::SetAside;
use super::statements::among;
use tidegate_query::literal;

/// A row, or rows of one name, by month and name ([`super::statements::row_name`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub month: String,
    pub name: String,
}

impl Row {
    pub(super) fn of(record: &SetAside<'_>) -> Self {
        Self { month: record.month.to_owned(), name: record.name.to_owned() }
    }
}

/// Cuts rows that meet a condition into pieces without the rows that stay. By month first, since files are of months.
pub(super) struct Pieces {
    condition: String,
    /// What names rows.
    name: &'static str,
    /// Rows that stay, of one piece.
    at_once: usize,
    /// The last row of the pieces so far.
    last: Option<Row>,
    kept: Vec<Row>,
}

impl Pieces {
    pub(super) fn new(condition: String, name: &'static str, at_once: usize) -> Self {
        Self { condition, name, at_once, last: None, kept: Vec::new() }
    }

    /// Takes the next row that stays, in order; gives the condition on a piece when it is cut behind this row.
    pub(super) fn keep(&mut self, row: Row) -> Option<String> {
        self.kept.push(row);
        (self.kept.len() >= self.at_once).then(|| self.piece(false))
    }

    /// The condition on the last piece.
    pub(super) fn rest(mut self) -> String {
        self.piece(true)
    }

    fn piece(&mut self, is_last: bool) -> String {
        let (name, mut parts) = (self.name, vec![self.condition.clone()]);
        let mut kept = std::mem::take(&mut self.kept);
        if let Some(Row { month, name: behind }) = &self.last {
            let (month, behind) = (literal(month), literal(behind));
            parts.push(format!("month >= {month} AND (month > {month} OR {name} > {behind})"));
        }
        if !kept.is_empty() {
            parts.push(format!("NOT {}", among(name, kept.iter().map(|row| &row.name))));
        }
        if !is_last {
            self.last = kept.pop();
            if let Some(Row { month, name: last }) = &self.last {
                let (month, last) = (literal(month), literal(last));
                parts.push(format!("month <= {month} AND (month < {month} OR {name} <= {last})"));
            }
        }
        parts.join(" AND ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_one_another_and_name_what_stays() {
        let row = |(month, name): (&str, &str)| Row { month: month.to_owned(), name: name.to_owned() };
        let mut pieces = Pieces::new("due".to_owned(), "id", 2);
        let kept = [("01", "b"), ("02", "a"), ("02", "c")];
        let cut: Vec<String> = kept.into_iter().filter_map(|kept| pieces.keep(row(kept))).collect();
        assert_eq!(cut, ["due AND NOT id IN ('b', 'a') AND month <= '02' AND (month < '02' OR id <= 'a')"]);
        let rest = "due AND month >= '02' AND (month > '02' OR id > 'a') AND NOT id IN ('c')";
        assert_eq!(pieces.rest(), rest);
        assert_eq!(Pieces::new("due".to_owned(), "id", 2).rest(), "due");
    }
}
