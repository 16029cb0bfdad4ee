//! Taking back what was decided about a person: what a reversal takes back, and what is different after it.
//!
//! Nobody is forgotten by it. When somebody's being let in is taken back they may do nothing any more, as after `/revoke`,
//! and stay known.

use serde::{Deserialize, Serialize};

use super::{Command, Event, Person, evolve};
use crate::domain::{
    Identity, PersonId, Role,
    undo::{Act, Happening, Irreversible, ListChange, Value, take_back},
};

/// An act about the person was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// The first version of the act.
    pub version: u64,
    /// The versions that do not count any more.
    pub takes: Vec<u64>,
    /// The stored names of what does not count any more.
    pub what: Vec<String>,
    /// What is different after it.
    pub after: Box<After>,
}

/// What is different after a reversal, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct After {
    /// What they may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Value<Role>>,
    /// Where they are known.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub identities: ListChange<Identity>,
    /// The bot they are told on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefers: Option<Value<String>>,
}

impl After {
    /// Makes it so.
    pub(super) fn apply(&self, person: &mut Person) {
        if let Some(role) = &self.role {
            person.role = role.get();
        }
        self.identities.apply(&mut person.identities);
        if let Some(prefers) = &self.prefers {
            person.prefers = prefers.get();
        }
    }

    /// The command that would do the same: whoever may give it may take the act back.
    pub fn as_command(&self) -> Option<Command> {
        match (&self.role, self.identities.back.first()) {
            (Some(Value::Is(role)), _) => Some(Command::Grant { role: *role }),
            (Some(Value::Nothing), _) => Some(Command::Revoke),
            (None, Some((_, identity))) => Some(Command::LinkIdentity { identity: identity.clone() }),
            (None, None) => self.prefers.as_ref().map(|prefers| Command::Prefer { bot: prefers.get() }),
        }
    }
}

impl Happening for Event {
    fn takes(&self) -> Option<&[u64]> {
        match self {
            Self::Reversed(reversed) => Some(&reversed.takes),
            _ => None,
        }
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        let role = |event: &Self| matches!(event, Self::Paired { .. } | Self::RoleGranted { .. } | Self::RoleRevoked);
        match (self, other) {
            (Self::IdentityLinked { identity: one }, Self::IdentityLinked { identity: other }) => one == other,
            (Self::Preferred { .. }, Self::Preferred { .. }) => true,
            (one, other) => role(one) && role(other),
        }
    }
}

/// The reversal of an act about a person: the one a version belongs to, or the newest. `name` is what an event is stored as.
///
/// # Errors
/// [`Irreversible`].
pub fn reverse(
    id: PersonId,
    acts: &[Act<Event>],
    version: Option<u64>,
    name: impl Fn(&Event) -> String,
) -> Result<Reversed, Irreversible> {
    let taken = take_back(acts, version)?;
    let events = || acts.iter().flat_map(|(_, _, events)| events);
    let was = events().fold(None, |person, (version, event)| evolve(person, id, *version, event));
    let was = was.ok_or(Irreversible::Nothing)?;
    let now = state(id, events(), |version| !taken.gone.contains(&version)).ok_or(Irreversible::Nothing)?;
    let mut what: Vec<String> =
        events().filter(|(version, _)| taken.takes.contains(version)).map(|(_, event)| name(event)).collect();
    what.dedup();
    let after = Box::new(After {
        role: Value::changed(&was.role, &now.role),
        identities: ListChange::of(&was.identities, &now.identities),
        prefers: Value::changed(&was.prefers, &now.prefers),
    });
    Ok(Reversed { version: taken.version, takes: taken.takes, what, after })
}

/// The fold of what counts; whoever was let in once stays known.
fn state<'a>(
    id: PersonId,
    events: impl Iterator<Item = &'a (u64, Event)>,
    counts: impl Fn(u64) -> bool,
) -> Option<Person> {
    let mut person: Option<Person> = None;
    for (version, event) in events.filter(|(_, event)| event.takes().is_none()) {
        if counts(*version) {
            person = evolve(person, id, *version, event);
        } else if person.is_none() && matches!(event, Event::Paired { .. }) {
            person = evolve(None, id, *version, event).map(|person| Person { role: None, ..person });
        }
    }
    person
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::domain::{Handle, undo::taken_back};

    fn paired() -> Event {
        let handle = Handle::new("dana").unwrap();
        Event::Paired { name: "Dana".into(), handle, identity: Identity("console/0".into()), role: Role::Member }
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0..3_u8).prop_map(|n| Event::IdentityLinked { identity: Identity(format!("console/{n}")) }),
            select(Role::ALL).prop_map(|role| Event::RoleGranted { role }),
            Just(Event::RoleRevoked),
            option::of(select(vec!["phone", "desk"])).prop_map(|bot| Event::Preferred { bot: bot.map(str::to_owned) }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_taken_back_counts_as_if_it_had_never_been(
            steps in vec(prop_oneof![3 => event().prop_map(Ok), 2 => option::of(1..20_u64).prop_map(Err)], 1..25),
        ) {
            let id = PersonId(2);
            let mut acts: Vec<Act<Event>> = vec![(1, 1, vec![(1, paired())])];
            let mut person = evolve(None, id, 1, &paired());
            for step in steps {
                let event = match step {
                    Ok(event) => event,
                    Err(version) => match reverse(id, &acts, version, |_| String::new()) {
                        Ok(reversed) => Event::Reversed(reversed),
                        Err(_) => continue,
                    },
                };
                let version = acts.len() as u64 + 1;
                person = evolve(person, id, version, &event);
                acts.push((version, version, vec![(version, event)]));
                let events = || acts.iter().flat_map(|(_, _, events)| events);
                let gone = taken_back(events().map(|(version, event)| (*version, event.takes())));
                let expected = state(id, events(), |version| !gone.contains(&version));
                prop_assert_eq!(&person, &expected.map(|person| Person { version, ..person }));
            }
        }
    }

    #[test]
    fn whoever_was_let_in_by_mistake_may_do_nothing_and_stays_known() {
        let mut acts = vec![(1, 1, vec![(1, paired())])];
        let reversed = reverse(PersonId(2), &acts, None, |_| "person_paired".into()).unwrap();
        assert_eq!(reversed.after.role, Some(Value::Nothing));
        assert!(reversed.after.identities.is_empty());
        assert_eq!(reversed.after.as_command(), Some(Command::Revoke));
        acts.push((2, 2, vec![(2, Event::Reversed(reversed))]));
        let again = reverse(PersonId(2), &acts, Some(2), |_| String::new()).unwrap();
        assert_eq!(again.after.as_command(), Some(Command::Grant { role: Role::Member }));
    }
}
