//! What readers have of the machine, whichever platform they ask.

use crate::engine::{Allowance, Limits};
use crate::principal::Person;
use datafusion::error::DataFusionError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What readers have of the machine, each the same. Tables and policy change, and a platform stands for one state of them:
/// those that follow each other are given the same allowances, so that what a reader has taken counts in the next one too.
#[derive(Debug, Clone)]
pub struct Allowances {
    pub(crate) limits: Limits,
    /// By name of the reader, as long as a door is open or a statement runs that uses it.
    known: Arc<Mutex<HashMap<String, Weak<Allowance>>>>,
}

impl Allowances {
    /// Allowances of which nothing is taken.
    pub fn new(limits: Limits) -> Self {
        Self { limits, known: Arc::default() }
    }

    /// What a person has, whatever the roles and the office are now.
    pub(crate) fn of(&self, person: &Person) -> Result<Arc<Allowance>, DataFusionError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(allowance) = known.get(&person.name).and_then(Weak::upgrade) {
            return Ok(allowance);
        }
        let new = Arc::new(Allowance::new(self.limits)?);
        known.retain(|_, allowance| allowance.strong_count() > 0);
        known.insert(person.name.clone(), Arc::downgrade(&new));
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Principal;
    use crate::platform::Platform;
    use crate::platform::tests::{platform_within, reader};

    fn person(number: usize) -> Person {
        match reader(number) {
            Principal::Person(person) => person,
            Principal::LocalOwner => panic!("a reader is a person"),
        }
    }

    #[tokio::test]
    async fn what_a_reader_may_use_is_for_all_platforms_together() {
        let allowances = Allowances::new(Limits { queries: 1, ..Limits::default() });
        let (first, next) = (platform_within(&allowances), platform_within(&allowances));
        let asked = async |platform: &Platform, number: usize| {
            platform.plan_for(&reader(number), "risk-analysis", "SELECT 1").await
        };
        let at_work = asked(&first, 0).await.unwrap();
        drop(first);
        let refused = asked(&next, 0).await.err().unwrap().to_string();
        assert!(refused.contains("queries at once: 1"), "{refused}");
        asked(&next, 1).await.unwrap();
        drop(at_work);
        asked(&next, 0).await.unwrap();
    }

    #[test]
    fn who_moves_to_another_office_has_no_second_allowance() {
        let allowances = Allowances::new(Limits::default());
        let before = allowances.of(&person(0)).unwrap();
        let moved = Person { office: Some("4700".to_owned()), ..person(0) };
        assert!(Arc::ptr_eq(&before, &allowances.of(&moved).unwrap()));
        assert!(!Arc::ptr_eq(&before, &allowances.of(&person(1)).unwrap()));
    }

    #[test]
    fn nothing_is_left_of_who_has_gone() {
        let allowances = Allowances::new(Limits::default());
        let stays = allowances.of(&person(0)).unwrap();
        for number in 1..9 {
            allowances.of(&person(number)).unwrap();
            assert!(allowances.known.lock().unwrap().len() <= 2, "who stays, and who came last");
        }
        assert!(Arc::ptr_eq(&stays, &allowances.of(&person(0)).unwrap()));
    }
}
