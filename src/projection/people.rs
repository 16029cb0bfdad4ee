//! People by number, by who they are on a platform, and as they are written.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{
    Handle, Identity, PersonId, Role,
    name::NAME_CHARS_MAX,
    person::{self, Person},
};

/// Words that mean somebody else, or everybody: nobody is written like that.
const TAKEN: [&str; 7] = ["me", "나", "you", "all", "everyone", "here", "channel"];

/// What somebody is written as whose name holds nothing that could be part of a handle.
const NOBODY: &str = "person";
/// What `-2` and so on may take of a handle's length.
const NUMBER_CHARS_MAX: usize = 11;

/// The people, by whom each identity is held, and by whom each handle.
pub(super) type Parts = (Vec<Person>, Vec<(Identity, PersonId)>, Vec<(Handle, PersonId)>);

/// All people.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    people: BTreeMap<PersonId, Person>,
    identities: HashMap<Identity, PersonId>,
    handles: HashMap<Handle, PersonId>,
}

impl People {
    pub(super) fn apply(&mut self, id: PersonId, version: u64, event: &person::Event) {
        let before = self.people.remove(&id);
        let known: Vec<_> = before.as_ref().map_or_else(Vec::new, |person| person.identities.clone());
        if let (person::Event::Merged { into }, Some(before)) = (event, &before) {
            if self.resolved(*into) == id || !self.people.contains_key(into) {
                // A log made by hand: nobody is whom there is not, nor their own other self.
                self.people.insert(id, Person { version, ..before.clone() });
                return;
            }
            self.hand_over(id, *into, &before.identities);
        }
        let Some(person) = person::evolve(before, id, version, event) else { return };
        if person.forgotten {
            self.handles.retain(|_, known| *known != id);
        }
        // A reversal takes an identity away, and so do unlinking and forgetting.
        for gone in known.iter().filter(|identity| !person.identities.contains(identity)) {
            if self.identities.get(gone) == Some(&id) {
                self.identities.remove(gone);
            }
        }
        // The first to have a name keeps it: a log made by hand must not hand somebody's identity to somebody else.
        for identity in &person.identities {
            self.identities.entry(identity.clone()).or_insert(id);
        }
        self.handles.entry(person.handle.clone()).or_insert(id);
        self.people.insert(id, person);
    }

    /// Who they are on their platforms is somebody else from now on.
    fn hand_over(&mut self, from: PersonId, into: PersonId, identities: &[Identity]) {
        let into = self.resolved(into);
        for identity in identities {
            if self.identities.get(identity) == Some(&from) {
                self.identities.insert(identity.clone(), into);
                if let Some(person) = self.people.get_mut(&into) {
                    person.identities.push(identity.clone());
                }
            }
        }
    }

    /// Who somebody is by now: themselves, or who they turned out to be.
    pub(super) fn resolved(&self, id: PersonId) -> PersonId {
        let mut at = id;
        // Each step leads to another person, unless a log made by hand leads in a circle.
        for _ in 0..=self.people.len() {
            match self.people.get(&at).and_then(|person| person.merged) {
                Some(into) => at = into,
                None => return at,
            }
        }
        id
    }

    /// All there is, in order.
    pub(super) fn to_parts(&self) -> Parts {
        let mut identities: Vec<_> = self.identities.iter().map(|(name, &id)| (name.clone(), id)).collect();
        identities.sort_unstable_by(|a, b| a.0.0.cmp(&b.0.0));
        let mut handles: Vec<_> = self.handles.iter().map(|(name, &id)| (name.clone(), id)).collect();
        handles.sort_unstable();
        (self.people.values().cloned().collect(), identities, handles)
    }

    /// The people of these parts.
    pub(super) fn from_parts((people, identities, handles): Parts) -> Self {
        Self {
            people: people.into_iter().map(|person| (person.id, person)).collect(),
            identities: identities.into_iter().collect(),
            handles: handles.into_iter().collect(),
        }
    }

    pub(super) fn get(&self, id: PersonId) -> Option<&Person> {
        self.people.get(&self.resolved(id))
    }

    /// How somebody was written, whoever they are by now.
    pub(super) fn as_once(&self, id: PersonId) -> Option<&Handle> {
        self.people.get(&id).map(|person| &person.handle)
    }

    /// Those who turned out to be this person.
    pub(super) fn once(&self, id: PersonId) -> impl Iterator<Item = &Person> {
        let merged = self.people.values().filter(|person| person.merged.is_some());
        merged.filter(move |person| self.resolved(person.id) == id)
    }

    pub(super) fn by_identity(&self, identity: &Identity) -> Option<&Person> {
        self.get(*self.identities.get(identity)?)
    }

    pub(super) fn by_handle(&self, handle: &Handle) -> Option<&Person> {
        self.get(*self.handles.get(handle)?)
    }

    /// Everybody who is not somebody else by now.
    pub(super) fn all(&self) -> impl Iterator<Item = &Person> {
        self.people.values().filter(|person| person.merged.is_none())
    }

    pub(super) fn newest(&self) -> u32 {
        self.people.keys().next_back().map_or(0, |id| id.0)
    }

    pub(super) fn owners(&self) -> usize {
        self.people.values().filter(|person| person.role == Some(Role::Owner)).count()
    }

    /// A handle nobody has: as wanted as far as it can be one, then `name-2`, `name-3`...
    pub(super) fn free_handle(&self, wanted: &str) -> Handle {
        let mut base = as_name(wanted);
        let mut number = 1u32;
        loop {
            let name = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            match Handle::new(&name) {
                Ok(handle) if stands_for_nobody(&handle) => NOBODY.clone_into(&mut base),
                Ok(handle) if !self.handles.contains_key(&handle) && !TAKEN.contains(&handle.as_str()) => {
                    return handle;
                }
                Ok(_) => {}
                Err(_) => base = NOBODY.to_owned(),
            }
            number += 1;
        }
    }
}

/// Whether it is written where a person is not known any more.
fn stands_for_nobody(handle: &Handle) -> bool {
    ["forgotten-", "sealed-", "damaged-"].iter().any(|word| handle.as_str().starts_with(word))
}

/// What can be a name of what somebody is called: `Dana Müller` becomes `dana-müller`.
fn as_name(wanted: &str) -> String {
    let mut name = String::new();
    for c in wanted.trim().trim_start_matches('@').chars() {
        let mut one = [0; 4];
        if Handle::new(c.encode_utf8(&mut one)).is_ok() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    // Some letters become longer when they are put in lower case: the limit is on what comes out.
    let fits: String = name.chars().flat_map(char::to_lowercase).take(NAME_CHARS_MAX - NUMBER_CHARS_MAX).collect();
    let fits = fits.trim_matches(['-', '_', '.']);
    if Handle::new(fits).is_ok() { fits.to_owned() } else { NOBODY.to_owned() }
}
