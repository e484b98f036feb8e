//! The rule: whether a selected consignment is opened at its destination, how, and otherwise the first reason why not.

use super::environment::Environment;
use super::filing::Filing;
use super::loss::Loss;
use super::policy::{PortCheck, TreatmentPolicy};
use crate::selection::Lane;
use chrono::{Days, NaiveDate};
use serde::Serialize;
use std::collections::BTreeSet;

/// Grades of traders whose goods are always opened at the port.
const BAD_GRADES: [&str; 2] = ["dishonest", "seriously-dishonest"];

/// A goods item as it counts here. How it is packed is no part of it: a package type alone evidences nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredItem {
    /// Commodity code.
    pub commodity: String,
    /// Handling that is evidenced for it.
    pub handling: Vec<String>,
}

/// A selected consignment with everything that the rule reads.
#[derive(Debug, Clone, Copy)]
pub struct Treatable<'a> {
    /// Grade of the importer on the day of acceptance.
    pub grade: &'a str,
    /// Day of acceptance.
    pub accepted_on: NaiveDate,
    /// Day of the work list.
    pub decided_on: NaiveDate,
    /// Lane it was selected for.
    pub lane: Lane,
    /// Whether a rule makes the inspection mandatory or holds the goods.
    pub is_mandatory: bool,
    /// Goods items.
    pub items: &'a [DeclaredItem],
    /// Filings of the importer as known on the day: see [`super::known`].
    pub filings: &'a [&'a Filing],
}

/// How a consignment is treated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Treatment {
    /// What is done at the port.
    pub port_check: PortCheck,
    /// Site where it is opened.
    pub site: String,
    /// Environment that suits all of its items.
    pub environment: Environment,
    /// Officers who open together.
    pub officers: u32,
    /// Last day on which it may arrive.
    pub deadline: NaiveDate,
}

/// The first reason why a consignment is opened at the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// No policy of special packaging is in force.
    NoPolicy,
    /// The importer has filed nothing.
    NotFiled,
    /// No filing holds on the day of acceptance.
    FilingNotValid,
    /// The importer is dishonest.
    BadGrade,
    /// No filing is about the goods of an item.
    GoodsNotFiled,
    /// No handling as filed is evidenced for an item.
    HandlingNotEvidenced,
    /// An item needs handling that is not filed for it.
    HandlingNotFiled,
    /// A rule makes the inspection mandatory or holds the goods.
    Mandatory,
    /// The items may not all be opened at one site.
    NoCommonSite,
    /// The site is not certified up to the deadline.
    SiteNotCertified,
    /// No environment suits all items.
    NoCommonEnvironment,
    /// The importer lost the treatment for a time.
    Suspended,
}

impl Refusal {
    /// Every reason, in the order in which they are looked for.
    pub const ALL: [Self; 12] = [
        Self::NoPolicy,
        Self::NotFiled,
        Self::FilingNotValid,
        Self::BadGrade,
        Self::GoodsNotFiled,
        Self::HandlingNotEvidenced,
        Self::HandlingNotFiled,
        Self::Mandatory,
        Self::NoCommonSite,
        Self::SiteNotCertified,
        Self::NoCommonEnvironment,
        Self::Suspended,
    ];

    /// Code in the tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoPolicy => "no-policy",
            Self::NotFiled => "not-filed",
            Self::FilingNotValid => "filing-not-valid",
            Self::BadGrade => "bad-grade",
            Self::GoodsNotFiled => "goods-not-filed",
            Self::HandlingNotEvidenced => "handling-not-evidenced",
            Self::HandlingNotFiled => "handling-not-filed",
            Self::Mandatory => "mandatory",
            Self::NoCommonSite => "no-common-site",
            Self::SiteNotCertified => "site-not-certified",
            Self::NoCommonEnvironment => "no-common-environment",
            Self::Suspended => "suspended",
        }
    }

    /// The reason of a code in the tables.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// The reason in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoPolicy => "The selection policy treats no special packaging on the day.",
            Self::NotFiled => "The importer has filed no special packaging.",
            Self::FilingNotValid => "No filing of the importer holds on the day of acceptance.",
            Self::BadGrade => "The grade of the importer is dishonest or seriously dishonest.",
            Self::GoodsNotFiled => "An item is of goods that the importer has not filed.",
            Self::HandlingNotEvidenced => {
                "An item has no evidence of the handling that is filed for it; its kind of package is none."
            }
            Self::HandlingNotFiled => "An item needs handling that is not filed for its goods.",
            Self::Mandatory => "A rule makes the inspection mandatory or holds the goods.",
            Self::NoCommonSite => "The items may not all be opened at one site.",
            Self::SiteNotCertified => "The destination is not certified up to the deadline.",
            Self::NoCommonEnvironment => "No environment suits all items.",
            Self::Suspended => {
                "The importer is suspended: a seal was broken, a consignment went astray or came late, or did not match."
            }
        }
    }
}

impl Treatment {
    /// What officers are told, at the port and at the destination.
    pub fn directive(&self) -> String {
        let Self { port_check, site, officers, deadline, .. } = self;
        let environment = match self.environment.to_string() {
            any if any.is_empty() => "in any environment".to_owned(),
            stated => format!("in {stated}"),
        };
        format!(
            "Do not open at the port: {}, and apply an electronic seal. To arrive at {site} by {deadline}; opened there \
             {environment}, by {officers} officers together. Open at once when the seal is broken, the way is left, \
             the deadline passes or the goods do not match.",
            port_check.instruction()
        )
    }
}

/// The treatment of a selected consignment, or the first reason why it is opened at the port. `lost` says whether the
/// importer is suspended under the policy in force.
///
/// # Errors
/// The reason.
pub fn treat<'a>(
    policies: &[TreatmentPolicy],
    case: &Treatable<'_>,
    lost: impl FnOnce(&TreatmentPolicy) -> Option<&'a Loss>,
) -> Result<Treatment, Refusal> {
    let policy = TreatmentPolicy::on(policies, case.decided_on).ok_or(Refusal::NoPolicy)?;
    if case.filings.is_empty() {
        return Err(Refusal::NotFiled);
    }
    let valid: Vec<&Filing> =
        case.filings.iter().copied().filter(|filing| filing.holds_on(case.accepted_on)).collect();
    if valid.is_empty() {
        return Err(Refusal::FilingNotValid);
    }
    if BAD_GRADES.contains(&case.grade) {
        return Err(Refusal::BadGrade);
    }
    if case.items.is_empty() {
        return Err(Refusal::GoodsNotFiled);
    }
    case.items.iter().try_for_each(|item| evidenced(item, &valid))?;
    if case.is_mandatory {
        return Err(Refusal::Mandatory);
    }
    let deadline = case.decided_on.checked_add_days(Days::new(u64::from(policy.deadline_days)));
    let deadline = deadline.unwrap_or(NaiveDate::MAX);
    let (site, environment) = destination(case.items, &valid, deadline)?;
    if lost(policy).is_some() {
        return Err(Refusal::Suspended);
    }
    Ok(Treatment {
        port_check: policy.port_check(case.lane),
        site: site.to_owned(),
        environment,
        officers: policy.officers,
        deadline,
    })
}

/// Whether an item is filed with all of its handling, and some of it is evidenced.
fn evidenced(item: &DeclaredItem, filings: &[&Filing]) -> Result<(), Refusal> {
    let of_goods = || filings.iter().filter(|filing| filing.covers(&item.commodity));
    if of_goods().next().is_none() {
        return Err(Refusal::GoodsNotFiled);
    }
    let filed = |handling: &String| of_goods().any(|filing| filing.handling == *handling);
    if !item.handling.iter().any(filed) {
        return Err(Refusal::HandlingNotEvidenced);
    }
    if item.handling.iter().all(filed) { Ok(()) } else { Err(Refusal::HandlingNotFiled) }
}

/// The first site, by name, where all items may be opened, with the environment that suits them all.
fn destination<'a>(
    items: &[DeclaredItem],
    filings: &[&'a Filing],
    deadline: NaiveDate,
) -> Result<(&'a str, Environment), Refusal> {
    let sites: BTreeSet<&str> = filings.iter().map(|filing| filing.site.as_str()).collect();
    let mut refusal = Refusal::NoCommonSite;
    for site in sites {
        let Some(used) = used_at(site, items, filings) else { continue };
        if used.iter().any(|filing| filing.site_certified_until < deadline) {
            refusal = refusal.max(Refusal::SiteNotCertified);
            continue;
        }
        let suits =
            used.iter().try_fold(Environment::default(), |all, filing| all.intersection(filing.environment));
        match suits {
            Some(environment) => return Ok((site, environment)),
            None => refusal = Refusal::NoCommonEnvironment,
        }
    }
    Err(refusal)
}

/// The filings that items are opened under at a site, for each item and handling the one that names the goods most
/// closely; none when one of them may not be opened there.
fn used_at<'a>(site: &str, items: &[DeclaredItem], filings: &[&'a Filing]) -> Option<Vec<&'a Filing>> {
    let needs =
        items.iter().flat_map(|item| item.handling.iter().map(|handling| (&item.commodity, handling)));
    needs
        .map(|(commodity, handling)| {
            let at_site = filings.iter().copied().filter(|filing| filing.site == site);
            let fits = at_site.filter(|filing| filing.handling == *handling && filing.covers(commodity));
            fits.max_by_key(|filing| filing.commodity_prefix.len())
        })
        .collect()
}
