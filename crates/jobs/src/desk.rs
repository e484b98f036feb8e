//! The desk where people read: it knows who comes, what the policy shows them, and writes down every read before the first
//! row goes out.

use crate::error::joined;
use crate::loaded::LoadedBundles;
use crate::rights::{Rights, Watch};
use crate::run::tables_of;
use crate::served::End;
use crate::{Home, JobError, catalog, policies};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tidegate_lake::Snapshot;
use tidegate_ledger::{
    Actor, AuditEvent, Door, Hash256, NewAuditEntry, PolicyName, Principal as Account, PrincipalKind,
};
use tidegate_query::policy::{Access, Policy, PseudonymKey};
use tidegate_query::{
    Allowances, Bundles, Described, Governance, ParamValues, Person, Plan, Platform, Principal, QueryError,
    Question, Reading, StatementText,
};
use tidegate_records::table::Grade;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

pub use crate::served::Served;
pub use crate::visit::{Clock, Visit};

/// The platform in one state of lake and policy.
struct Standing {
    snapshot: Option<u64>,
    policy: PolicyName,
    catalog_version: i64,
    platform: Platform,
}

/// A checked policy, and what the audit chain calls it.
#[derive(Clone)]
pub struct InForce {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Its version, or the hash of the shipped one.
    pub name: PolicyName,
}

/// The desk where people read.
pub struct Desk {
    home: Home,
    clock: Clock,
    in_force: Mutex<Option<InForce>>,
    standing: Mutex<Option<Arc<Standing>>>,
    /// What readers have of the machine, whichever platform stands.
    allowances: Allowances,
    bundles: LoadedBundles,
    /// Held while the audit chain is asked. A question may look at all of it; one at a time leaves the other connections of the
    /// ledger to those who come in meanwhile.
    pub(crate) questions: Arc<Mutex<()>>,
    /// Held while a classification is tried and confirmed: what is tried goes out from what was confirmed before.
    pub(crate) confirmations: Arc<Mutex<()>>,
    /// What comes to its end though nobody waits for it: ends of reads, questions, confirmations.
    ends: TaskTracker,
}

impl Desk {
    /// Opens the desk of a home.
    pub fn new(home: Home, clock: Clock) -> Self {
        let allowances = Allowances::new(home.configuration.reading.limits());
        Self {
            home,
            clock,
            in_force: Mutex::new(None),
            standing: Mutex::new(None),
            allowances,
            bundles: LoadedBundles::new(),
            questions: Arc::default(),
            confirmations: Arc::default(),
            ends: TaskTracker::new(),
        }
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Does something while nobody else does the like. Once begun it comes to its end, and keeps its turn until then, though who waits
    /// for it leaves.
    pub(crate) async fn in_turn<T: Send + 'static>(
        &self,
        turns: &Arc<Mutex<()>>,
        deed: impl Future<Output = Result<T, JobError>> + Send + 'static,
    ) -> Result<T, JobError> {
        let turn = Arc::clone(turns).lock_owned().await;
        let doing = self.ends.spawn(async move {
            let done = deed.await;
            drop(turn);
            done
        });
        joined(doing.await)
    }

    /// Waits until the ends of all reads are written down, and what was begun in turn is done.
    pub async fn close(&self) {
        self.ends.close();
        self.ends.wait().await;
    }

    /// The policy in force. It is checked once for each version, which takes longer than most statements.
    ///
    /// # Errors
    /// When the ledger fails, or holds a policy that this program does not understand.
    pub async fn policy(&self) -> Result<InForce, JobError> {
        let (files, version) = policies::in_force(&self.home).await?;
        let mut in_force = self.in_force.lock().await;
        if let Some(known) = in_force.as_ref().filter(|known| known.name.version() == version) {
            return Ok(known.clone());
        }
        let policy = Arc::new(Policy::parse(&files).map_err(QueryError::from)?);
        let name = policies::name(&files, version)?;
        Ok(in_force.insert(InForce { policy, name }).clone())
    }

    /// What is there for somebody and a purpose, under the policy in force or under a draft of one. Nothing is read or written down.
    ///
    /// # Errors
    /// When the tables cannot be opened, or the policy knows no such purpose.
    pub async fn access(
        &self,
        account: &Account,
        purpose: &str,
        draft: Option<Policy>,
    ) -> Result<Access, JobError> {
        let policy = match draft {
            Some(draft) => Arc::new(draft),
            None => self.policy().await?.policy,
        };
        let snapshot = self.home.snapshot().await?;
        Ok(self.platform(snapshot.as_ref(), policy).await?.access(&principal(account), purpose)?)
    }

    /// Answers a statement, or says why not; both are written down.
    ///
    /// # Errors
    /// When the statement is refused, or the read cannot be written down.
    pub async fn ask(
        &self,
        visit: &Visit,
        sql: &str,
        parameters: Option<ParamValues>,
    ) -> Result<Served, JobError> {
        let standing = self.standing().await?;
        let question = self.question(visit, &standing, sql).await?;
        let text = question.text().clone();
        let plan = match self.planned(&standing, question, parameters).await {
            Ok(plan) => plan,
            Err(error) => return Err(self.refused(visit, &standing, Some(text), error).await),
        };
        let mut entry = self.entry_at(visit, &standing, AuditEvent::Read);
        describe(&mut entry, plan.reading());
        let end = NewAuditEntry {
            subjects: entry.subjects.clone(),
            subjects_complete: entry.subjects_complete,
            ..self.entry(visit, AuditEvent::Finished)
        };
        let read = self.home.ledger.append_audit(&[entry.fitted()]).await?;
        let end = NewAuditEntry { read: read.first().copied(), ..end };
        let showing = plan.reading().subjects.shown.clone();
        let end =
            End::new(self.home.ledger.clone(), Arc::clone(&self.clock), self.ends.clone(), end, showing);
        let rights = Rights {
            ledger: self.home.ledger.clone(),
            clock: Arc::clone(&self.clock),
            visit: visit.clone(),
            policy: standing.policy.version(),
        };
        let reading = &self.home.configuration.reading;
        let [recheck, time] = [reading.recheck_seconds, reading.seconds].map(Duration::from_secs);
        Served::of(plan, end, Watch::new(rights, recheck, time))
    }

    /// What a statement answers with, and the parameters it wants; nothing is read, and a refusal is written down.
    ///
    /// # Errors
    /// When the statement is refused, or the refusal cannot be written down.
    pub async fn describe(&self, visit: &Visit, sql: &str) -> Result<Described, JobError> {
        let standing = self.standing().await?;
        let question = self.question(visit, &standing, sql).await?;
        let text = question.text().clone();
        match self.described(question).await {
            Ok(described) => Ok(described),
            Err(error) => Err(self.refused(visit, &standing, Some(text), error).await),
        }
    }

    /// A statement as it is read. Where nothing is there for the reader and the purpose, that is written down.
    async fn question(&self, visit: &Visit, standing: &Standing, sql: &str) -> Result<Question, JobError> {
        let reader = principal(&visit.account);
        match standing.platform.question(&reader, &visit.purpose, sql).await {
            Ok(question) => Ok(question),
            Err(error) => {
                // Fails only where the tables of the owner cannot be opened, which the log tells.
                let text = standing.platform.statement(sql).await.ok();
                Err(self.refused(visit, standing, text, error.into()).await)
            }
        }
    }

    async fn planned(
        &self,
        standing: &Standing,
        mut question: Question,
        parameters: Option<ParamValues>,
    ) -> Result<Plan, JobError> {
        let bundles = self.bundles_of(&mut question).await?;
        Ok(standing.platform.plan(question, &bundles, parameters).await?)
    }

    async fn described(&self, mut question: Question) -> Result<Described, JobError> {
        let bundles = self.bundles_of(&mut question).await?;
        Ok(question.describe(&bundles).await?)
    }

    /// The bundles that a statement assesses with, each found by its name now; for who may not assess none is looked for.
    async fn bundles_of(&self, question: &mut Question) -> Result<Bundles, JobError> {
        let mut bundles = Bundles::new();
        for name in question.bundle_names() {
            let bundle = self.bundles.find(&self.home, &name, self.now()).await?;
            bundles.insert(name, bundle);
        }
        Ok(bundles)
    }

    /// Writes down that somebody was not let in, under the account or the name that was claimed.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn turn_away(
        &self,
        who: Actor,
        door: Door,
        purpose: &str,
        detail: String,
    ) -> Result<(), JobError> {
        let entry = NewAuditEntry::new(self.now(), who, door, purpose, AuditEvent::Denied);
        self.home.ledger.append_audit(&[NewAuditEntry { detail, ..entry }.fitted()]).await?;
        Ok(())
    }

    /// Writes down that a statement was refused, and gives what the reader is told.
    async fn refused(
        &self,
        visit: &Visit,
        standing: &Standing,
        text: Option<StatementText>,
        error: JobError,
    ) -> JobError {
        let mut entry = self.entry_at(visit, standing, AuditEvent::Denied);
        entry.detail = match &error {
            JobError::Query(error) => error.for_audit(),
            other => other.to_string(),
        };
        if let Some(statement) = text {
            entry.fingerprint = Some(Hash256::new(statement.fingerprint.0));
            entry.statement = Some(statement.text);
        }
        match self.home.ledger.append_audit(&[entry.fitted()]).await {
            Ok(_) => error,
            Err(failed) => failed.into(),
        }
    }

    /// An entry that names the policy and the state of the tables.
    fn entry_at(&self, visit: &Visit, standing: &Standing, event: AuditEvent) -> NewAuditEntry {
        NewAuditEntry {
            policy_version: Some(standing.policy),
            snapshot: standing.snapshot,
            ..self.entry(visit, event)
        }
    }

    fn entry(&self, visit: &Visit, event: AuditEvent) -> NewAuditEntry {
        NewAuditEntry::new(self.now(), Actor::from(&visit.account), visit.door, &visit.purpose, event)
    }

    /// The platform over the newest snapshot, the catalog and the policy in force: what changes takes effect with the next
    /// statement.
    async fn standing(&self) -> Result<Arc<Standing>, JobError> {
        let snapshot = self.home.snapshot().await?;
        let number = snapshot.as_ref().map(|snapshot| snapshot.version);
        let InForce { policy, name } = self.policy().await?;
        let catalog_version = self.home.ledger.catalog_version().await?;
        let mut standing = self.standing.lock().await;
        if let Some(known) = standing.as_ref()
            && (known.snapshot, known.policy) == (number, name)
            && known.catalog_version == catalog_version
        {
            return Ok(Arc::clone(known));
        }
        let platform = self.platform(snapshot.as_ref(), policy).await?;
        let opened = Arc::new(Standing { snapshot: number, policy: name, catalog_version, platform });
        *standing = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// A state of the tables with what the catalog knows of them, under a policy.
    async fn platform(&self, snapshot: Option<&Snapshot>, policy: Arc<Policy>) -> Result<Platform, JobError> {
        let key = PseudonymKey::derived_from(self.home.root_key_at(self.now()).await?.expose());
        let governance = Governance::new(policy, &key, self.allowances.clone());
        let engine = self.home.configuration.engine.of_queries();
        let catalog = catalog::read(&self.home.ledger).await?;
        Ok(Platform::open(&self.home.lake, snapshot, catalog, engine, Some(governance)).await?)
    }
}

/// Who an account is to the door.
fn principal(account: &Account) -> Principal {
    match account.kind {
        PrincipalKind::LocalOwner => Principal::LocalOwner,
        PrincipalKind::Person | PrincipalKind::Service => Principal::Person(person_of(account)),
    }
}

/// The person that an account is to policies.
pub fn person_of(account: &Account) -> Person {
    let standing = &account.standing;
    // The ledger and the tables have the same names for grades; what had none would be shown the least.
    let clearance = Grade::parse(standing.clearance.as_str()).unwrap_or(Grade::General1);
    Person {
        name: account.name.clone(),
        kind: account.kind.to_string(),
        roles: account.roles.clone(),
        clearance,
        office: standing.office.clone(),
        organisation: standing.organisation.clone(),
        enterprise: standing.enterprise_id.clone(),
    }
}

fn describe(entry: &mut NewAuditEntry, reading: &Reading) {
    entry.fingerprint = Some(Hash256::new(reading.statement.fingerprint.0));
    entry.statement = Some(reading.statement.text.clone());
    entry.tables = tables_of(reading).collect();
    entry.subjects.clone_from(&reading.subjects.keys);
    entry.subjects_complete = reading.subjects.are_all;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_ledger::Clearance;

    #[test]
    fn every_clearance_of_the_ledger_is_a_grade_of_the_tables() {
        let words: Vec<&str> = Clearance::ALL.iter().map(|clearance| clearance.as_str()).collect();
        assert_eq!(words, Grade::ALL.map(Grade::as_str));
    }
}
