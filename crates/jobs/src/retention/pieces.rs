//! Rows that are due, in pieces: a condition names the rows that stay, and may not name too many.

use super::set_aside::SetAside;
use super::statements::among;
use crate::JobError;
use crate::columns;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use tidegate_query::{Answer, literal};

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

    /// Those of an answer, which has their months and names.
    pub(super) fn read(answer: &RecordBatch) -> Result<Vec<Self>, JobError> {
        let months = columns::text(answer, "month")?;
        // The engine makes texts of another kind.
        let names = cast(&columns::column(answer, "name")?, &DataType::Utf8)?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let rows = months.iter().zip(names.as_string::<i32>());
        Ok(rows.map(|(month, name)| Self { month: text(month), name: text(name) }).collect())
    }
}

/// Rows that go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// What they meet.
    pub condition: String,
    /// The first month and the last that they may be of.
    pub months: RangeInclusive<String>,
}

/// The pieces of rows that are due, cut while the rows that stay are read.
pub(super) struct DuePieces {
    /// None when the last one is given.
    pieces: Option<Pieces>,
    /// Rows that stay, in order, as far as they are read.
    kept: VecDeque<Row>,
    /// Those behind them.
    more: Option<Answer>,
}

impl DuePieces {
    pub(super) fn new(pieces: Pieces, kept: impl IntoIterator<Item = Row>, more: Option<Answer>) -> Self {
        Self { pieces: Some(pieces), kept: kept.into_iter().collect(), more }
    }

    /// The next piece. None when there is no other.
    pub(super) async fn next_piece(&mut self) -> Result<Option<Piece>, JobError> {
        loop {
            while let Some(row) = self.kept.pop_front() {
                let piece = self.pieces.as_mut().and_then(|pieces| pieces.keep(row));
                if piece.is_some() {
                    return Ok(piece);
                }
            }
            let Some(more) = &mut self.more else { break };
            let rows = more.try_next().await?;
            match rows {
                Some(rows) => self.kept.extend(Row::read(&rows)?),
                None => self.more = None,
            }
        }
        Ok(self.pieces.take().map(Pieces::rest))
    }
}

/// Cuts rows that meet a condition into pieces without the rows that stay. By month first, since files are of months.
pub(super) struct Pieces {
    condition: String,
    /// The last month that rows may be of.
    until: String,
    /// What names rows.
    name: &'static str,
    /// Rows that stay, of one piece.
    at_once: usize,
    /// The last row of the pieces so far.
    last: Option<Row>,
    kept: Vec<Row>,
}

impl Pieces {
    pub(super) fn new(condition: String, until: &str, name: &'static str, at_once: usize) -> Self {
        Self { condition, until: until.to_owned(), name, at_once, last: None, kept: Vec::new() }
    }

    /// Takes the next row that stays, in order; gives a piece when it is cut behind this row.
    fn keep(&mut self, row: Row) -> Option<Piece> {
        self.kept.push(row);
        (self.kept.len() >= self.at_once).then(|| self.piece(false))
    }

    /// The last piece.
    fn rest(mut self) -> Piece {
        self.piece(true)
    }

    fn piece(&mut self, is_last: bool) -> Piece {
        let (name, mut parts) = (self.name, vec![self.condition.clone()]);
        let (mut from, mut until) = (String::new(), self.until.clone());
        let mut kept = std::mem::take(&mut self.kept);
        if let Some(Row { month, name: behind }) = &self.last {
            from.clone_from(month);
            let (month, behind) = (literal(month), literal(behind));
            parts.push(format!("month >= {month} AND (month > {month} OR {name} > {behind})"));
        }
        if !kept.is_empty() {
            parts.push(format!("NOT {}", among(name, kept.iter().map(|row| &row.name))));
        }
        if !is_last {
            self.last = kept.pop();
            if let Some(Row { month, name: last }) = &self.last {
                until.clone_from(month);
                let (month, last) = (literal(month), literal(last));
                parts.push(format!("month <= {month} AND (month < {month} OR {name} <= {last})"));
            }
        }
        Piece { condition: parts.join(" AND "), months: from..=until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_one_another_and_name_what_stays() {
        let row = |(month, name): (&str, &str)| Row { month: month.to_owned(), name: name.to_owned() };
        let piece = |from: &str, until: &str, condition: &str| Piece {
            condition: condition.to_owned(),
            months: from.to_owned()..=until.to_owned(),
        };
        let mut pieces = Pieces::new("due".to_owned(), "04", "id", 2);
        let kept = [("01", "b"), ("02", "a"), ("02", "c")];
        let cut: Vec<Piece> = kept.into_iter().filter_map(|kept| pieces.keep(row(kept))).collect();
        let first = "due AND NOT id IN ('b', 'a') AND month <= '02' AND (month < '02' OR id <= 'a')";
        assert_eq!(cut, [piece("", "02", first)]);
        let rest = "due AND month >= '02' AND (month > '02' OR id > 'a') AND NOT id IN ('c')";
        assert_eq!(pieces.rest(), piece("02", "04", rest));
        assert_eq!(Pieces::new("due".to_owned(), "04", "id", 2).rest(), piece("", "04", "due"));
    }
}
