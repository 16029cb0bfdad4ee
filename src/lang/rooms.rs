//! The list of the files with words: one name is `en/<name>.ftl` and `ko/<name>.ftl`. A new file is one more line here.

use super::Lang;

macro_rules! rooms {
    ($($room:literal),* $(,)?) => {
        /// Name and content of each file of a language.
        pub(super) fn of(lang: Lang) -> &'static [(&'static str, &'static str)] {
            match lang {
                Lang::English => &[$(($room, include_str!(concat!("en/", $room, ".ftl")))),*],
                Lang::Korean => &[$(($room, include_str!(concat!("ko/", $room, ".ftl")))),*],
            }
        }
    };
}

rooms! {
    "answers",
    "boards",
    "buttons",
    "cards",
    "confirm",
    "digest",
    "faults",
    "health",
    "help",
    "house",
    "intake",
    "items",
    "lines",
    "lists",
    "nodes",
    "notices",
    "past",
    "phrases",
    "pictures",
    "reactions",
    "reasons",
    "reminders",
    "routing",
    "spool",
    "undone",
    "verbs",
    "words",
}
