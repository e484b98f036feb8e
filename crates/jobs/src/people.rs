//! Persons and services: who they are, what they may be, how they prove it. All of it is told by the audit chain.

use crate::JobError;
use crate::home::{Home, random_bytes};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};
pub use tidegate_ledger::Clearance;
use tidegate_ledger::{
    Door, Identity, LinkedIdentity, NewPrincipal, Password, Principal, PrincipalId, PrincipalKind, Standing,
};

/// A person or service as the home knows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownPerson {
    /// Name.
    pub name: String,
    /// `person`, `service` or `local-owner`.
    pub kind: String,
    /// Roles.
    pub roles: BTreeSet<String>,
    /// Customs office.
    pub office: Option<String>,
    /// Organisation.
    pub organisation: Option<String>,
    /// Enterprise that it speaks for.
    pub enterprise_id: Option<String>,
    /// Up to which grade it may be shown data.
    pub clearance: Clearance,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// Since when it may not act.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Identities by which it signs on.
    pub identities: Vec<KnownIdentity>,
}

/// An identity at a provider of single sign-on.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownIdentity {
    /// The provider.
    pub issuer: String,
    /// The person at the provider.
    pub subject: String,
    /// When it was linked.
    pub linked_at: DateTime<Utc>,
}

/// What should be otherwise; what is left out stays. An empty text takes away what there was.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// All of its roles.
    pub roles: Option<BTreeSet<String>>,
    /// Customs office.
    pub office: Option<String>,
    /// Organisation.
    pub organisation: Option<String>,
    /// Enterprise that it speaks for.
    pub enterprise_id: Option<String>,
    /// Up to which grade it may be shown data.
    pub clearance: Option<Clearance>,
}

impl KnownPerson {
    /// A principal with those of the identities that are its own.
    fn of(principal: Principal, identities: &[LinkedIdentity]) -> Self {
        let Principal { id, name, kind, roles, standing, created_at, disabled_at } = principal;
        let Standing { office, organisation, enterprise_id, clearance } = standing;
        let (kind, added_at) = (kind.to_string(), created_at);
        let identities = identities.iter().filter(|linked| linked.principal == id).cloned();
        let identities = identities.map(KnownIdentity::from).collect();
        Self {
            name,
            kind,
            roles,
            office,
            organisation,
            enterprise_id,
            clearance,
            added_at,
            disabled_at,
            identities,
        }
    }
}

impl From<LinkedIdentity> for KnownIdentity {
    fn from(LinkedIdentity { identity, linked_at, .. }: LinkedIdentity) -> Self {
        let Identity { issuer, subject } = identity;
        Self { issuer, subject, linked_at }
    }
}

impl Change {
    fn apply(&self, roles: &mut BTreeSet<String>, standing: &mut Standing) {
        let texts = [
            (&self.office, &mut standing.office),
            (&self.organisation, &mut standing.organisation),
            (&self.enterprise_id, &mut standing.enterprise_id),
        ];
        for (new, old) in texts {
            if let Some(new) = new {
                *old = Some(new.clone()).filter(|text| !text.is_empty());
            }
        }
        if let Some(new) = &self.roles {
            roles.clone_from(new);
        }
        standing.clearance = self.clearance.unwrap_or(standing.clearance);
    }
}

/// Everybody, in the order in which they were added.
///
/// # Errors
/// When the ledger fails.
pub async fn list(home: &Home) -> Result<Vec<KnownPerson>, JobError> {
    let identities = home.ledger.identities().await?;
    let all = home.ledger.principals().await?.into_iter();
    Ok(all.map(|principal| KnownPerson::of(principal, &identities)).collect())
}

/// One of them.
///
/// # Errors
/// When nobody has the name.
pub async fn show(home: &Home, name: &str) -> Result<KnownPerson, JobError> {
    Ok(KnownPerson::of(named(home, name).await?, &home.ledger.identities().await?))
}

/// Adds a person or a service.
///
/// # Errors
/// When the ledger refuses it and says why.
pub async fn add(
    home: &Home,
    name: &str,
    is_service: bool,
    change: &Change,
    reason: &str,
) -> Result<KnownPerson, JobError> {
    let kind = if is_service { PrincipalKind::Service } else { PrincipalKind::Person };
    let (mut roles, mut standing) = (BTreeSet::new(), Standing::default());
    change.apply(&mut roles, &mut standing);
    let known = home.ledger.principals().await?;
    if known.iter().any(|known| known.name == name && known.disabled_at.is_some()) {
        return Err(JobError::Missing(format!(
            "{name:?} is there already, and disabled: tidegate people enable {name:?} --reason WHY"
        )));
    }
    let act = home.act(Door::Cli, reason).await?;
    home.ledger.add_principal(&NewPrincipal { name, kind, roles, standing }, &act).await?;
    show(home, name).await
}

/// Changes roles and standing, effective at once.
///
/// # Errors
/// When nobody has the name, or the ledger refuses the change and says why.
pub async fn change(home: &Home, name: &str, change: &Change, reason: &str) -> Result<KnownPerson, JobError> {
    let id = named(home, name).await?.id;
    let act = home.act(Door::Cli, reason).await?;
    home.ledger.change_rights(id, |roles, standing| change.apply(roles, standing), &act).await?;
    show(home, name).await
}

/// Disables somebody from now on, with all tokens.
///
/// # Errors
/// When nobody has the name, or the ledger refuses it and says why.
pub async fn disable(home: &Home, name: &str, reason: &str) -> Result<KnownPerson, JobError> {
    let id = named(home, name).await?.id;
    home.ledger.disable_principal(id, &home.act(Door::Cli, reason).await?).await?;
    show(home, name).await
}

/// Lets somebody act again who was disabled; tokens of before are revoked.
///
/// # Errors
/// When nobody has the name, or the ledger refuses it and says why.
pub async fn enable(home: &Home, name: &str, reason: &str) -> Result<KnownPerson, JobError> {
    let id = named(home, name).await?.id;
    home.ledger.enable_principal(id, &home.act(Door::Cli, reason).await?).await?;
    show(home, name).await
}

/// Sets the password of a person.
///
/// # Errors
/// When nobody has the name, or the password is too short.
pub async fn set_password(home: &Home, name: &str, text: String, reason: &str) -> Result<(), JobError> {
    let id = named(home, name).await?.id;
    let act = home.act(Door::Cli, reason).await?;
    Ok(home.ledger.set_password(id, &Password::new(text), random_bytes()?, &act).await?)
}

/// Says that an identity at a provider of single sign-on is this person's from now on, or that it is not any more; the configured
/// provider's when no issuer is given.
///
/// # Errors
/// When nobody has the name, no provider is configured or given, or the ledger refuses it and says why.
pub async fn link(
    home: &Home,
    name: &str,
    subject: &str,
    issuer: Option<&str>,
    is_theirs: bool,
    reason: &str,
) -> Result<KnownPerson, JobError> {
    let (id, identity) = (named(home, name).await?.id, identity(home, subject, issuer)?);
    let act = home.act(Door::Cli, reason).await?;
    if is_theirs {
        home.ledger.link_identity(id, &identity, &act).await?;
    } else {
        home.ledger.unlink_identity(id, &identity, &act).await?;
    }
    show(home, name).await
}

fn identity(home: &Home, subject: &str, issuer: Option<&str>) -> Result<Identity, JobError> {
    let configured = home.configuration.single_sign_on.as_ref().map(|configured| configured.issuer.as_str());
    let issuer = issuer.or(configured).ok_or_else(|| {
        JobError::Missing("no provider is configured; give --issuer, or set [single_sign_on]".to_owned())
    })?;
    Ok(Identity { issuer: issuer.to_owned(), subject: subject.to_owned() })
}

/// The names of all principals.
pub(crate) struct Names(HashMap<PrincipalId, String>);

impl Names {
    pub(crate) async fn read(home: &Home) -> Result<Self, JobError> {
        let all = home.ledger.principals().await?;
        Ok(Self(all.into_iter().map(|known| (known.id, known.name)).collect()))
    }

    /// That of one of them.
    pub(crate) fn of(&self, id: PrincipalId) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

/// A principal by its name.
///
/// # Errors
/// When nobody has the name.
pub async fn named(home: &Home, name: &str) -> Result<Principal, JobError> {
    let found = home.ledger.principals().await?.into_iter().find(|principal| principal.name == name);
    found.ok_or_else(|| {
        JobError::Missing(format!("nobody is called {name:?} here; `tidegate people list` shows all names"))
    })
}

/// Whether an account is that of the owner of the machine, whom no policy hinders.
pub fn is_local_owner(account: &Principal) -> bool {
    account.kind == PrincipalKind::LocalOwner
}

/// The account of a name, which must be there and not disabled.
///
/// # Errors
/// When there is none.
pub async fn account(home: &Home, name: &str) -> Result<Principal, JobError> {
    let account = named(home, name).await?;
    match account.disabled_at {
        None => Ok(account),
        Some(_) => Err(JobError::Missing(format!("{name:?} is disabled"))),
    }
}
