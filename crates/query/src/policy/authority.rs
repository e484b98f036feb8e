//! Cedar behind one type: the policies, and the tables and columns that they decide about.

use super::relation::Relation;
use super::{PolicyError, PolicyFiles};
use crate::principal::Person;
use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid, ParseError,
    ParseErrors, PolicyId, PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use miette::Diagnostic as _;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

const SCHEMA: &str = include_str!("schema.cedarschema");
/// Policies of one file set; more than anyone can oversee.
const MOST_POLICIES: usize = 10_000;

/// Policies and what they are about.
pub(super) struct Authority {
    schema: Schema,
    policies: PolicySet,
}

/// What a permission is narrowed to by the annotations of the policies that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing permits it, or something forbids it.
    Denied,
    /// Permitted as a whole.
    Whole,
    /// Permitted, each time narrowed to the value of the annotation.
    Narrowed(Vec<String>),
}

impl Authority {
    pub(super) fn parse(files: &PolicyFiles) -> Result<Self, PolicyError> {
        let internal = |cause: String| PolicyError::Cedar { file: "schema.cedarschema".to_owned(), cause };
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|e| internal(e.to_string()))?;
        let mut policies = PolicySet::new();
        for (file, text) in files.iter().filter(|(name, _)| name.to_ascii_lowercase().ends_with(".cedar")) {
            let refused = |cause: String| PolicyError::Cedar { file: file.clone(), cause };
            let set = PolicySet::from_str(text).map_err(|e| refused(located(&e, text)))?;
            for policy in set.policies() {
                let id = policy.annotation("id").ok_or_else(|| {
                    refused(format!("the policy {policy} has no name; write @id(\"…\") before it"))
                })?;
                policies.add(policy.new_id(PolicyId::new(id))).map_err(|e| refused(chain(&e)))?;
            }
            if set.policies().count() != set.num_of_policies() || set.num_of_templates() > 0 {
                return Err(refused("templates are not used here".to_owned()));
            }
        }
        if policies.num_of_policies() > MOST_POLICIES {
            return Err(internal(format!("more than {MOST_POLICIES} policies")));
        }
        let validation = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if let Some(error) = validation.validation_errors().next() {
            return Err(PolicyError::Cedar { file: "*.cedar".to_owned(), cause: error.to_string() });
        }
        Ok(Self { schema, policies })
    }

    /// Checks that every value of an annotation is known, and stands on permissions only.
    pub(super) fn check_annotations(
        &self,
        key: &str,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(), PolicyError> {
        for policy in self.policies.policies() {
            let Some(value) = policy.annotation(key) else { continue };
            let cause = if policy.effect() == Effect::Forbid {
                format!("a policy that forbids has no @{key}")
            } else if is_known(value) {
                continue;
            } else {
                format!("there is no {key} `{value}`")
            };
            return Err(PolicyError::Cedar { file: policy.id().to_string(), cause });
        }
        Ok(())
    }

    /// Roles that some policy names.
    pub(super) fn roles(&self) -> BTreeSet<String> {
        let named = self.policies.policies().flat_map(cedar_policy::Policy::entity_literals);
        let roles = named.filter(|uid| uid.type_name().basename() == "Role");
        roles.map(|uid| uid.id().unescaped().to_owned()).collect()
    }

    /// The person with its roles beside tables, for a purpose.
    pub(super) fn ask(
        &self,
        person: &Person,
        purpose: &str,
        relations: &[Relation],
    ) -> Result<Question<'_>, PolicyError> {
        let failed =
            |cause: String| PolicyError::Evaluation { policy: "the request itself".to_owned(), cause };
        let uid = uid("Person", &person.name);
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let mut attributes = HashMap::from([
            ("kind".to_owned(), text(&person.kind)),
            ("clearance".to_owned(), RestrictedExpression::new_long(person.clearance.level())),
        ]);
        for (name, value) in [
            ("office", &person.office),
            ("organisation", &person.organisation),
            ("enterprise", &person.enterprise),
        ] {
            attributes.extend(value.as_deref().map(|value| (name.to_owned(), text(value))));
        }
        let roles: HashSet<EntityUid> = person.roles.iter().map(|role| self::uid("Role", role)).collect();
        let entity =
            Entity::new(uid.clone(), attributes, roles.clone()).map_err(|e| failed(e.to_string()))?;
        let known = roles.into_iter().map(Entity::with_uid).chain([entity]).chain(resources(relations));
        let entities = Entities::from_entities(known, Some(&self.schema));
        let context = Context::from_pairs([("purpose".to_owned(), text(purpose))]);
        Ok(Question {
            authority: self,
            person: uid,
            entities: entities.map_err(|e| failed(chain(&e)))?,
            context: context.map_err(|e| failed(e.to_string()))?,
        })
    }
}

/// A person who asks for a purpose.
pub(super) struct Question<'a> {
    authority: &'a Authority,
    person: EntityUid,
    entities: Entities,
    context: Context,
}

impl Question<'_> {
    /// Whether the person may do something with a resource, and what the permission is narrowed to by an annotation.
    pub(super) fn may(
        &self,
        action: &str,
        kind: &str,
        resource: &str,
        annotation: &str,
    ) -> Result<Verdict, PolicyError> {
        let policies = &self.authority.policies;
        let request = Request::new(
            self.person.clone(),
            uid("Action", action),
            uid(kind, resource),
            self.context.clone(),
            Some(&self.authority.schema),
        )
        .map_err(|e| PolicyError::Evaluation { policy: action.to_owned(), cause: e.to_string() })?;
        let response = Authorizer::new().is_authorized(&request, policies, &self.entities);
        if let Some(error) = response.diagnostics().errors().next() {
            // Cedar skips a policy that fails, which would drop a prohibition: nothing is decided instead.
            return Err(PolicyError::Evaluation { policy: action.to_owned(), cause: error.to_string() });
        }
        if response.decision() == Decision::Deny {
            return Ok(Verdict::Denied);
        }
        let mut narrowed = Vec::new();
        for id in response.diagnostics().reason() {
            match policies.annotation(id, annotation) {
                Some(value) => narrowed.push(value.to_owned()),
                None => return Ok(Verdict::Whole),
            }
        }
        narrowed.sort();
        narrowed.dedup();
        Ok(Verdict::Narrowed(narrowed))
    }
}

/// What is wrong with a text, each with its line.
fn located(errors: &ParseErrors, text: &str) -> String {
    let of = |error: &ParseError| {
        let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
        let before = offset.and_then(|offset| text.get(..offset));
        match before {
            Some(before) => format!("line {}: {}", before.matches('\n').count() + 1, chain(error)),
            None => chain(error),
        }
    };
    errors.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// Every cause of an error in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn uid(kind: &str, id: &str) -> EntityUid {
    // The names of kinds are constants of this module.
    let kind = EntityTypeName::from_str(kind).unwrap_or_else(|_| unreachable!("{kind} names an entity type"));
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

/// Categories, and tables with their domains and columns.
fn resources(relations: &[Relation]) -> Vec<Entity> {
    let plain = |kind: &str, id: &str| Entity::with_uid(uid(kind, id));
    let mut entities: Vec<Entity> =
        Category::ALL.iter().map(|category| plain("Category", category.as_str())).collect();
    entities.push(plain("Platform", "tidegate"));
    let domains: BTreeSet<&str> = relations.iter().map(|relation| relation.domain.as_str()).collect();
    entities.extend(domains.into_iter().map(|domain| plain("Domain", domain)));
    for relation in relations {
        let highest = relation.columns.iter().map(|(_, known)| known.grade).max();
        let domain = uid("Domain", &relation.domain);
        let grade = highest.unwrap_or(Grade::General1);
        let table = uid("Table", &relation.name);
        entities.extend(described(table.clone(), [graded(grade)].into(), HashSet::from([domain.clone()])));
        for (column, known) in &relation.columns {
            let category = uid("Category", known.category.as_str());
            let parents = HashSet::from([table.clone(), domain.clone(), category]);
            let name = ("name".to_owned(), RestrictedExpression::new_string(column.clone()));
            let attributes = [graded(known.grade), name].into();
            entities.extend(described(uid("Column", &relation.column_id(column)), attributes, parents));
        }
    }
    entities
}

type Attributes = HashMap<String, RestrictedExpression>;

fn graded(grade: Grade) -> (String, RestrictedExpression) {
    ("grade".to_owned(), RestrictedExpression::new_long(grade.level()))
}

fn described(id: EntityUid, attributes: Attributes, parents: HashSet<EntityUid>) -> Option<Entity> {
    // An attribute fails only when it calls an extension function, which neither a number nor a text does.
    Entity::new(id, attributes, parents).ok()
}
