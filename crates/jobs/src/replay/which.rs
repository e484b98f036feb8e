//! Which decisions are replayed, and in which pieces.

use crate::JobError;
use crate::answer::Answer;
use chrono::NaiveDate;
use tidegate_query::Platform;

/// Which decisions to replay.
#[derive(Debug, Clone)]
pub enum Replayed {
    /// All versions of one declaration.
    Declaration(String),
    /// Work lists from a day to a day.
    Days(NaiveDate, NaiveDate),
}

impl Replayed {
    /// A condition on the columns of `decision`.
    pub(super) fn condition(&self) -> String {
        match self {
            Self::Declaration(id) => format!("declaration_id = '{}'", id.replace('\'', "''")),
            // Days in this form are in order as texts.
            Self::Days(from, to) => format!("listed_on >= '{from}' AND listed_on <= '{to}'"),
        }
    }

    /// Pieces that are held in memory one after the other, with the decisions of each: whole days of work lists, as many
    /// as there are `most` decisions about, and at least one.
    pub(super) async fn pieces(&self, platform: &Platform, most: u64) -> Result<Vec<(Self, u64)>, JobError> {
        let sql = format!(
            "SELECT listed_on, count(*) AS decisions FROM decision WHERE {} GROUP BY 1 ORDER BY 1",
            self.condition()
        );
        let answer = Answer::of(platform, "job replay", &sql).await?;
        let counts: Vec<u64> = answer.counts("decisions")?;
        if counts.is_empty() {
            return Err(self.nothing_stored());
        }
        let Self::Days(..) = self else { return Ok(vec![(self.clone(), counts.iter().sum())]) };
        let mut pieces: Vec<(NaiveDate, NaiveDate, u64)> = Vec::new();
        for (day, decisions) in answer.texts("listed_on")?.iter().zip(counts) {
            let day =
                day.parse().map_err(|_| JobError::Missing(format!("`{day}` is no day of a work list")))?;
            match pieces.last_mut().filter(|(_, _, so_far)| *so_far + decisions <= most) {
                Some((_, last, so_far)) => (*last, *so_far) = (day, *so_far + decisions),
                None => pieces.push((day, day, decisions)),
            }
        }
        Ok(pieces.into_iter().map(|(first, last, decisions)| (Self::Days(first, last), decisions)).collect())
    }

    pub(super) fn nothing_stored(&self) -> JobError {
        let what = match self {
            Self::Declaration(id) => format!("for declaration {id}"),
            Self::Days(from, to) => format!("from {from} to {to}"),
        };
        JobError::Missing(format!("no decision is stored {what}; run `tidegate decide`"))
    }
}
