//! Which decisions are replayed, and in which pieces.

use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use crate::retention::ErasedBefore;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tidegate_ledger::Erasure;
use tidegate_query::Platform;

/// Which decisions to replay.
#[derive(Debug, Clone)]
pub enum Replayed {
    /// All versions of one declaration.
    Declaration(String),
    /// Work lists from a day to a day.
    Days(NaiveDate, NaiveDate),
}

/// Decisions that are held in memory together.
pub(super) struct Piece {
    /// A condition on the columns of `decision`.
    pub condition: String,
    /// Months that their records lie in, as a list of SQL; what is read of them reads no other.
    pub months: String,
    /// Decisions.
    pub decisions: u64,
    /// Whether all of them are about one declaration.
    pub is_of_one: bool,
}

/// Days of work lists that lie together.
struct Stretch {
    first: String,
    last: String,
    months: BTreeSet<String>,
    decisions: u64,
}

impl Stretch {
    fn piece(self) -> Piece {
        // Days in this form are in order as texts.
        let days = format!("listed_on >= '{}' AND listed_on <= '{}'", self.first, self.last);
        Piece::new(&days, &self.months, self.decisions, false)
    }
}

impl Piece {
    fn new(condition: &str, months: &BTreeSet<String>, decisions: u64, is_of_one: bool) -> Self {
        let months = months.iter().map(|month| format!("'{month}'")).collect::<Vec<_>>().join(", ");
        Self { condition: format!("month IN ({months}) AND {condition}"), months, decisions, is_of_one }
    }
}

impl Replayed {
    /// Its decisions in pieces: whole days of work lists, as many as there are `most` decisions about, and at least one.
    pub(super) async fn pieces(
        &self,
        home: &Home,
        platform: &Platform,
        most: u64,
    ) -> Result<Vec<Piece>, JobError> {
        let condition = match self {
            Self::Declaration(id) => {
                home.run.is_about(id);
                format!("declaration_id = '{}'", id.replace('\'', "''"))
            }
            Self::Days(from, to) => format!("listed_on >= '{from}' AND listed_on <= '{to}'"),
        };
        let sql = format!(
            "SELECT listed_on, month, count(*) AS decisions FROM decision WHERE {condition} GROUP BY 1, 2 ORDER BY 1, 2"
        );
        let answer = Answer::of(platform, "job replay", &sql).await?;
        let (days, months) = (answer.texts("listed_on")?, answer.texts("month")?);
        let mut stretches: Vec<Stretch> = Vec::new();
        for ((day, month), decisions) in days.into_iter().zip(months).zip(answer.counts("decisions")?) {
            let fits = |s: &&mut Stretch| s.last == day || s.decisions + decisions <= most;
            if let Some(stretch) = stretches.last_mut().filter(fits) {
                stretch.last = day;
                stretch.months.insert(month);
                stretch.decisions += decisions;
            } else {
                let months = BTreeSet::from([month]);
                stretches.push(Stretch { first: day.clone(), last: day, months, decisions });
            }
        }
        if stretches.is_empty() {
            return Err(self.nothing_stored(home).await?);
        }
        if let Self::Days(..) = self {
            return Ok(stretches.into_iter().map(Stretch::piece).collect());
        }
        let months = stretches.iter().flat_map(|s| s.months.clone()).collect();
        let decisions = stretches.iter().map(|s| s.decisions).sum();
        Ok(vec![Piece::new(&condition, &months, decisions, true)])
    }

    /// Why no decision is there.
    async fn nothing_stored(&self, home: &Home) -> Result<JobError, JobError> {
        let what = match self {
            Self::Declaration(id) => {
                if let Some(erasure) = ErasedBefore::read(home).await?.of_subject(id) {
                    return Ok(erased(id, erasure));
                }
                format!("for declaration {id}")
            }
            Self::Days(from, to) => format!("from {from} to {to}"),
        };
        Ok(JobError::Missing(format!("no decision is stored {what}; run `tidegate decide`")))
    }
}

/// That the record of a declaration is erased.
pub(super) fn erased(declaration: &str, erasure: &Erasure) -> JobError {
    JobError::Missing(format!(
        "input erased: the record of declaration {declaration} is erased by certificate {} of {}",
        erasure.id,
        erasure.erased_at.format("%Y-%m-%d %H:%M UTC")
    ))
}
