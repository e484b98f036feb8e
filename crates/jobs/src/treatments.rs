//! What became of special packaging: what is under way, what was lost and why, and whether goods that are opened at their
//! destination are as sound as others like them.

use crate::JobError;
use crate::answer::Answer;
use crate::decide::{self, TREATED, between, packaging_records};
use crate::home::Home;
use crate::results;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use tidegate_query::Platform;
use tidegate_risk::estimation::{MatchedRatio, MatchedStratum, Refusal as Refused, matched_ratio};
use tidegate_risk::treatment::{Losses, Refusal, Seen, Treated};

const PURPOSE: &str = "job treatments";

/// Which days are looked at.
#[derive(Debug, Clone, Copy)]
pub struct TreatmentsOptions {
    /// First day of acceptance; the first decided when left out.
    pub from: Option<NaiveDate>,
    /// Last day of acceptance; the last decided when left out.
    pub to: Option<NaiveDate>,
    /// Day that what is under way is judged on; what was recorded up to its end counts.
    pub as_of: NaiveDate,
}

/// How far a treated consignment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Progressed {
    /// Nothing is recorded.
    Waiting,
    /// The seal is on.
    Sealed,
    /// It is on its way.
    OnItsWay,
    /// It is there, and not opened.
    Arrived,
}

/// A treated consignment that was neither opened nor released.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UnderWay {
    /// Declaration.
    pub declaration_id: String,
    /// Enterprise.
    pub enterprise: String,
    /// Site where it is opened.
    pub site: String,
    /// Last day on which it may arrive.
    pub deadline: NaiveDate,
    /// How far it has come.
    pub progressed: Progressed,
    /// Whether the deadline has passed without an arrival.
    pub is_overdue: bool,
}

/// A treatment that was lost.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LostTreatment {
    /// Enterprise.
    pub enterprise: String,
    /// Declaration.
    pub declaration_id: String,
    /// Code of the cause.
    pub cause: &'static str,
    /// What happened.
    pub sentence: &'static str,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Hit rates of openings at the destination beside ordinary ones of alike goods.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Matched {
    /// Openings at a destination with a result.
    pub opened: u64,
    /// Those with a discrepancy.
    pub found: u64,
    /// Openings at a destination that have ordinary ones like them: same heading, grade and lane.
    pub matched: u64,
    /// Ordinary openings like them.
    pub ordinary: u64,
    /// Those with a discrepancy.
    pub ordinary_found: u64,
    /// Ratio of the hit rates with its interval at 95 %; none when refused.
    pub ratio: Option<[f64; 3]>,
    /// Why there is no ratio.
    pub refused: Option<String>,
}

/// What became of special packaging.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Treatments {
    /// First day of acceptance.
    pub from: NaiveDate,
    /// Last day of acceptance.
    pub to: NaiveDate,
    /// Day that what is under way is judged on.
    pub as_of: NaiveDate,
    /// Filings loaded, by their numbers.
    pub filings: u64,
    /// Selected consignments that are opened at their destination.
    pub treated: u64,
    /// Selected consignments that are opened at the port, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Under way, those that are overdue first.
    pub under_way: Vec<UnderWay>,
    /// What was lost, the last recorded first.
    pub lost: Vec<LostTreatment>,
    /// Whether the goods are as sound as others.
    pub matched: Matched,
}

/// Says what became of special packaging.
///
/// # Errors
/// When nothing is decided in the window, or the lake fails.
pub async fn treatments(home: &Home, options: &TreatmentsOptions) -> Result<Treatments, JobError> {
    let platform = home.platform().await?;
    let (from, to) = window(&platform, options).await?;
    let filings = "SELECT count(DISTINCT filing_id) AS filings FROM special_filing";
    let filings = Answer::of(&platform, PURPOSE, filings).await?.counts("filings")?;
    let treated = treated(&platform, from, to).await?;
    let seen = packaging_records(&platform, PURPOSE, None).await?;
    let tomorrow = options.as_of.succ_opt().unwrap_or(options.as_of);
    Ok(Treatments {
        from,
        to,
        as_of: options.as_of,
        filings: filings.first().copied().unwrap_or_default(),
        treated: treated.len() as u64,
        reasons: reasons(&platform, from, to).await?,
        under_way: under_way(&treated, &seen, options.as_of),
        lost: lost(&treated, &seen, tomorrow),
        matched: matched(&platform, from, to).await?,
    })
}

async fn window(
    platform: &Platform,
    options: &TreatmentsOptions,
) -> Result<(NaiveDate, NaiveDate), JobError> {
    let sql = "SELECT CAST(CAST(min(accepted_at) AS DATE) AS STRING) AS first, \
               CAST(CAST(max(accepted_at) AS DATE) AS STRING) AS last FROM decision WHERE treatment_code IS NOT NULL";
    let answer = Answer::of(platform, PURPOSE, sql).await?;
    let day = |texts: Vec<String>| texts.first().and_then(|text| text.parse().ok());
    let (first, last) = (day(answer.texts("first")?), day(answer.texts("last")?));
    match (options.from.or(first), options.to.or(last), first) {
        (Some(from), Some(to), Some(_)) if from <= to => Ok((from, to)),
        (Some(from), Some(to), Some(_)) => Err(JobError::Missing(format!(
            "no day lies between {from} and {to}; decisions reach from {} to {}",
            first.unwrap_or(from),
            last.unwrap_or(to)
        ))),
        _ => Err(JobError::Missing(
            "nothing that was decided says where it is opened; load filings with `tidegate ingest --as special_filing \
             FILE`, and run `tidegate decide` with a bundle whose selection policy has a [[treatment]]"
                .to_owned(),
        )),
    }
}

/// A treated consignment with its site.
struct Sent {
    treated: Treated,
    site: String,
}

async fn treated(platform: &Platform, from: NaiveDate, to: NaiveDate) -> Result<Vec<Sent>, JobError> {
    let newest =
        |column: &str| format!("last_value({column} ORDER BY version_number, run_number) AS {column}");
    let sql = format!(
        "SELECT declaration_id, {}, {} FROM decision WHERE treatment_code = 'destination' AND {} \
         GROUP BY declaration_id ORDER BY declaration_id",
        newest("treatment_site_id"),
        TREATED.map(newest).join(", "),
        between("accepted_at", from, to)
    );
    let answer = Answer::of(platform, PURPOSE, &sql).await?;
    let sites = answer.texts("treatment_site_id")?;
    let of_row = |(row, site)| Ok(Sent { treated: decide::treated(answer.batch(), row)?, site });
    sites.into_iter().enumerate().map(of_row).collect()
}

/// Why the selected of enterprises that filed are opened at the port.
async fn reasons(
    platform: &Platform,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<BTreeMap<String, u64>, JobError> {
    let sql = format!(
        "SELECT treatment_reason, count(*) AS consignments FROM decision WHERE treatment_code = 'port' \
         AND treatment_reason NOT IN ('{}', '{}') AND {} GROUP BY 1",
        Refusal::NotFiled.code(),
        Refusal::NoPolicy.code(),
        between("accepted_at", from, to)
    );
    let answer = Answer::of(platform, PURPOSE, &sql).await?;
    Ok(answer.texts("treatment_reason")?.into_iter().zip(answer.counts("consignments")?).collect())
}

fn under_way(treated: &[Sent], seen: &BTreeMap<String, Vec<Seen>>, as_of: NaiveDate) -> Vec<UnderWay> {
    let of_consignment = |sent: &Sent| {
        let records = seen.get(&sent.treated.declaration).map_or(&[][..], Vec::as_slice);
        let known = || records.iter().filter(|s| s.recorded_at.date_naive() <= as_of);
        let is = |code: &str| known().any(|s| s.code == code);
        if is("opened") || is("released") {
            return None;
        }
        let progressed = match () {
            () if is("arrived") => Progressed::Arrived,
            () if is("departed") => Progressed::OnItsWay,
            () if is("sealed") => Progressed::Sealed,
            () => Progressed::Waiting,
        };
        let Treated { enterprise, declaration, deadline, .. } = sent.treated.clone();
        let is_overdue = deadline < as_of && progressed != Progressed::Arrived;
        Some(UnderWay {
            declaration_id: declaration,
            enterprise,
            site: sent.site.clone(),
            deadline,
            progressed,
            is_overdue,
        })
    };
    let mut under_way: Vec<UnderWay> = treated.iter().filter_map(of_consignment).collect();
    under_way.sort_by_key(|u| (!u.is_overdue, u.deadline));
    under_way
}

fn lost(treated: &[Sent], seen: &BTreeMap<String, Vec<Seen>>, day: NaiveDate) -> Vec<LostTreatment> {
    let losses = Losses::known(treated.iter().map(|sent| &sent.treated), seen, day);
    let told = losses.iter().map(|loss| LostTreatment {
        enterprise: loss.enterprise.clone(),
        declaration_id: loss.declaration.clone(),
        cause: loss.cause.code(),
        sentence: loss.cause.sentence(),
        recorded_at: loss.recorded_at,
    });
    // Who is late is so from the day after the deadline on, which may be the day after.
    let mut lost: Vec<LostTreatment> = told.filter(|loss| loss.recorded_at.date_naive() < day).collect();
    lost.sort_by(|a, b| b.recorded_at.cmp(&a.recorded_at).then(a.declaration_id.cmp(&b.declaration_id)));
    lost
}

/// Openings with a result, treated beside ordinary ones of the same heading, grade and lane. Mandatory inspections have no
/// part in it, since none of them is treated.
async fn matched(platform: &Platform, from: NaiveDate, to: NaiveDate) -> Result<Matched, JobError> {
    let found = results::read(platform, PURPOSE, from, to).await?;
    let sql = format!(
        "SELECT d.declaration_id, d.treatment_code, concat_ws(' ', left(i.commodity_hs6, 4), d.grade_code, d.lane_code) \
         AS stratum FROM decision d JOIN goods_item i ON i.month = d.month AND i.declaration_id = d.declaration_id \
         AND i.version_number = d.version_number WHERE i.goods_item_seq = 1 AND d.version_number = 1 \
         AND d.treatment_code IS NOT NULL AND d.component_code <> 'mandatory' AND {}",
        between("d.accepted_at", from, to)
    );
    let answer = Answer::of(platform, PURPOSE, &sql).await?;
    let (ids, codes) = (answer.texts("declaration_id")?, answer.texts("treatment_code")?);
    let mut strata: BTreeMap<String, MatchedStratum> = BTreeMap::new();
    for (row, stratum) in answer.texts("stratum")?.into_iter().enumerate() {
        let Some(result) = found.get(&ids[row]) else { continue };
        let counts = strata.entry(stratum).or_default();
        let discrepancy = u64::from(result.finding.found);
        if codes[row] == "destination" {
            counts.treated += 1;
            counts.treated_found += discrepancy;
        } else {
            counts.ordinary += 1;
            counts.ordinary_found += discrepancy;
        }
    }
    let strata: Vec<MatchedStratum> = strata.into_values().collect();
    Ok(told(&strata, matched_ratio(&strata)))
}

fn told(strata: &[MatchedStratum], ratio: Result<MatchedRatio, Refused>) -> Matched {
    let sum = |count: fn(&MatchedStratum) -> u64| strata.iter().map(count).sum::<u64>();
    let both = || strata.iter().filter(|s| s.treated > 0 && s.ordinary > 0);
    Matched {
        opened: sum(|s| s.treated),
        found: sum(|s| s.treated_found),
        matched: both().map(|s| s.treated).sum(),
        ordinary: both().map(|s| s.ordinary).sum(),
        ordinary_found: both().map(|s| s.ordinary_found).sum(),
        ratio: ratio.as_ref().ok().map(|r| [r.value, r.interval.low, r.interval.high]),
        refused: ratio.err().map(|refused| refused.to_string()),
    }
}
