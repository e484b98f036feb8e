//! Which decisions are replayed, and in which pieces.

use crate::JobError;
use crate::answer::Answer;
use crate::decide::{Case, StoredDecision, reversed};
use crate::home::Home;
use crate::retention::ErasedBefore;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tidegate_ledger::Erasure;
use tidegate_query::{Platform, literal};

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
    /// A condition on the columns of `work_list`: lists whose decisions are all here. None where the piece has parts of lists.
    pub lists: Option<String>,
    /// The declaration that was asked for; the other decisions are there to close its lists.
    about: Option<String>,
}

/// Days of work lists that lie together.
struct Stretch {
    first: String,
    last: String,
    months: BTreeSet<String>,
    decisions: u64,
}

impl Stretch {
    /// A piece of it, with the lists from a day to a day, so that one without any decision is missed.
    fn piece(self, lists_from: &str, lists_to: &str) -> Piece {
        // Days in this form are in order as texts.
        let days = |first: &str, last: &str| format!("listed_on >= '{first}' AND listed_on <= '{last}'");
        let lists = Some(days(lists_from, lists_to));
        Piece { lists, ..Piece::new(&days(&self.first, &self.last), &self.months, self.decisions) }
    }
}

impl Piece {
    fn new(condition: &str, months: &BTreeSet<String>, decisions: u64) -> Self {
        let months = months.iter().map(|month| format!("'{month}'")).collect::<Vec<_>>().join(", ");
        let condition = format!("month IN ({months}) AND {condition}");
        Self { condition, months, decisions, lists: None, about: None }
    }

    /// Whether a decision was asked for.
    pub(super) fn is_about(&self, stored: &StoredDecision) -> bool {
        self.about.as_ref().is_none_or(|about| *about == stored.declaration_id)
    }

    /// Notes the parties of the declaration that was asked for.
    pub(super) fn note_parties<'c>(
        &self,
        home: &Home,
        rows: &RecordBatch,
        cases: impl Iterator<Item = &'c Case>,
    ) {
        let Some(about) = &self.about else { return };
        for Case { items, .. } in cases.filter(|case| case.declaration_id == *about) {
            home.run.is_about_parties_of(&rows.slice(items.start, items.len()));
        }
    }

    /// The piece with everything else that is on the lists of the declaration that was asked for, unless that is more than may
    /// be held at once.
    pub(super) async fn with_lists(self, platform: &Platform, most: u64) -> Result<Self, JobError> {
        let Some(about) = self.about.clone() else { return Ok(self) };
        let sql = format!(
            "SELECT DISTINCT run_number, listed_on, office_id FROM decision WHERE {} ORDER BY 1, 2, 3",
            self.condition
        );
        let answer = Answer::of(platform, "job replay", &sql).await?;
        let (runs, days) = (answer.integers("run_number")?, answer.texts("listed_on")?);
        let of_list = |((run, day), office): ((i64, String), String)| {
            let (day, office) = (literal(&day), literal(&office));
            format!("(run_number = {run} AND listed_on = {day} AND office_id = {office})")
        };
        let lists = runs.into_iter().zip(days).zip(answer.texts("office_id")?).map(of_list);
        let lists = format!("({})", lists.collect::<Vec<_>>().join(" OR "));
        let sql = format!("SELECT month, count(*) AS decisions FROM decision WHERE {lists} GROUP BY 1");
        let answer = Answer::of(platform, "job replay", &sql).await?;
        let decisions = answer.counts("decisions")?.iter().sum();
        if decisions > most {
            return Ok(self);
        }
        let months = answer.texts("month")?.into_iter().collect();
        let piece = Self::new(&lists, &months, decisions);
        Ok(Self { lists: Some(lists), about: Some(about), ..piece })
    }
}

impl Replayed {
    /// Work lists from a day to a day: from the first that was decided, and to the last, where one is left out.
    ///
    /// # Errors
    /// When nothing was decided, the first day is after the last, or the lake fails.
    pub async fn days(home: &Home, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Self, JobError> {
        if let (Some(from), Some(to)) = (from, to) {
            return if from <= to { Ok(Self::Days(from, to)) } else { Err(reversed(from, to)) };
        }
        let (first, last) = Self::stored(home).await?;
        let (begin, end) = (from.unwrap_or(first), to.unwrap_or(last));
        if begin <= end {
            return Ok(Self::Days(begin, end));
        }
        let asked = from.map_or_else(|| format!("up to {end}"), |from| format!("from {from} on"));
        Err(JobError::Missing(format!("nothing was decided {asked}; work lists are of {first} to {last}")))
    }

    /// The first and the last day of work lists that are stored.
    ///
    /// # Errors
    /// When nothing was decided, or the lake fails.
    pub async fn stored(home: &Home) -> Result<(NaiveDate, NaiveDate), JobError> {
        let platform = home.platform().await?;
        // A list without any decision is missed, too.
        let sql = "SELECT min(listed_on) AS first, max(listed_on) AS last \
                   FROM (SELECT listed_on FROM decision UNION ALL SELECT listed_on FROM work_list)";
        let answer = Answer::of(&platform, "job replay", sql).await?;
        let day =
            |name| Ok::<_, JobError>(answer.texts(name)?.pop().and_then(|d| d.parse::<NaiveDate>().ok()));
        match (day("first")?, day("last")?) {
            (Some(first), Some(last)) => Ok((first, last)),
            _ => Err(JobError::Missing("nothing was decided yet; run `tidegate decide`".to_owned())),
        }
    }

    /// First and last day, where days were asked for.
    pub(super) fn ends(&self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        match self {
            Self::Declaration(_) => (None, None),
            Self::Days(from, to) => (Some(*from), Some(*to)),
        }
    }

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
                format!("declaration_id = {}", literal(id))
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
        match self {
            Self::Days(from, to) => Ok(of_days(stretches, *from, *to)),
            Self::Declaration(id) => {
                let months = stretches.iter().flat_map(|s| s.months.clone()).collect();
                let decisions = stretches.iter().map(|s| s.decisions).sum();
                let piece = Piece::new(&condition, &months, decisions);
                Ok(vec![Piece { about: Some(id.clone()), ..piece }])
            }
        }
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

/// Stretches as pieces, whose lists are together all those from a day to a day.
fn of_days(stretches: Vec<Stretch>, from: NaiveDate, to: NaiveDate) -> Vec<Piece> {
    let starts: Vec<String> = stretches.iter().map(|stretch| stretch.first.clone()).collect();
    let mut pieces = Vec::new();
    for (place, stretch) in stretches.into_iter().enumerate() {
        let lists_from = if place == 0 { from.to_string() } else { stretch.first.clone() };
        let before_next = |day: &String| day.parse::<NaiveDate>().ok()?.pred_opt();
        let lists_to = starts.get(place + 1).map_or(Some(to), before_next);
        let lists_to = lists_to.map_or_else(|| stretch.last.clone(), |day| day.to_string());
        pieces.push(stretch.piece(&lists_from, &lists_to));
    }
    pieces
}

/// That the record of a declaration is erased.
pub(super) fn erased(declaration: &str, erasure: &Erasure) -> JobError {
    JobError::Missing(format!(
        "input erased: the record of declaration {declaration} is erased by certificate {} of {}",
        erasure.id,
        erasure.erased_at.format("%Y-%m-%d %H:%M UTC")
    ))
}
