//! [`Command`] to its canonical text: parsed again it is the same command. Dates come out as dates, in the given time zone.
//!
//! What cannot be typed (files, corrections by editing a message) comes out as words that are no command.

use chrono_tz::Tz;

use super::{
    Command, Look, Moment, PersonCommand, Rebuild, Target,
    args::{only_items, print_text, target_and_colon},
    draft, filter, hours, korean,
    look::{PIN, UNPIN},
    moment,
    pr::verdict_word,
    remind, report,
    todo::is_anyway,
    token::{print_carry, print_due, print_person, print_project, print_tag},
    when,
};
use crate::domain::{
    Filter, Handle, ItemRef,
    item::{Act, LinkTarget, Relation},
    room::{Command as RoomCommand, Setting},
};

impl Target {
    pub(super) fn to_text(self) -> String {
        match self.version {
            Some(version) => format!("{}@{version}", self.item),
            None => self.item.to_string(),
        }
    }
}

impl Command {
    /// The canonical text: `/verb …`. Instants come out to the minute, the precision in which they can be said.
    pub fn to_text(&self, time_zone: Tz) -> String {
        match self {
            Self::Create { bucket, draft } => {
                format!("/{bucket} {}", draft::print(draft, time_zone))
            }
            Self::Item { target, act } => print_act(*target, act, time_zone),
            Self::Look(look) => print_look(look, time_zone),
            Self::Room(command) => print_room(command, time_zone),
            Self::Rebuild(command) => print_rebuild(command, time_zone),
            Self::Person(command) => print_about_person(command),
            Self::Report(command) => report::print(command),
            Self::Confirm { code, yes: false, .. } => format!("/confirm no {code}"),
            Self::Confirm { code, yes: true, again } => format!("/confirm {code} {again}").trim_end().to_owned(),
            Self::Remind(command) => remind::print(command, time_zone),
            Self::Undo { acts } => super::undo::print(acts),
        }
    }
}

/// The verb with its item.
fn about(verb: &str, target: Option<Target>) -> String {
    match target {
        Some(target) => format!("/{verb} {}", target.to_text()),
        None => format!("/{verb}"),
    }
}

/// A verb with free text. A colon stands before text that would be read as something else.
fn with_text(verb: &str, target: Option<Target>, text: &str, means: impl Fn(&str) -> bool) -> String {
    let head = about(verb, target);
    if text.is_empty() {
        return head;
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    let misread = means(text) || (target.is_none() && target_and_colon(first).is_some());
    format!("{head}{} {}", if misread { ":" } else { "" }, print_text(text))
}

fn plain(verb: &str, target: Option<Target>, text: &str) -> String {
    with_text(verb, target, text, |_| false)
}

/// A verb whose arguments are items: without a target, a colon keeps the first of them from being taken for it.
fn with_items(verb: &str, target: Option<Target>, items: &[ItemRef]) -> String {
    let colon = if target.is_none() && items.len() > 1 { ":" } else { "" };
    format!("{}{colon} {}", about(verb, target), items.iter().map(ItemRef::to_string).collect::<Vec<_>>().join(" "))
}

fn print_act(target: Option<Target>, act: &Act<Handle>, time_zone: Tz) -> String {
    let words = |verb: &str, words: Vec<String>| format!("{} {}", about(verb, target), words.join(" "));
    match act {
        Act::Refine { text } => plain("refine", target, text),
        Act::Reject { reason } => with_text("reject", target, reason, only_items),
        Act::Promote { to, carry } => {
            let to = to.map_or(String::new(), |to| format!(" {to}"));
            format!("{}{to}{}", about("promote", target), print_carry(carry, time_zone))
        }
        Act::Finding { text } => plain("finding", target, text),
        Act::Assign { people } => words("assign", people.iter().map(print_person).collect()),
        Act::Unassign { people } => words("unassign", people.iter().map(print_person).collect()),
        Act::Doing => about("doing", target),
        Act::Done { anyway: false, text } => with_text("done", target, text, |text| {
            only_items(text) || text.split_whitespace().next().is_some_and(is_anyway)
        }),
        Act::Done { anyway: true, text } => {
            format!("{} anyway {}", about("done", target), print_text(text)).trim_end().to_owned()
        }
        Act::Reopen { reason } => with_text("reopen", target, reason, only_items),
        Act::Need { items } => with_items("need", target, items),
        Act::Unneed { items } => with_items("unneed", target, items),
        Act::Criterion { text } => plain("criterion", target, text),
        Act::Review { verdict, text } => {
            format!("{} {} {}", about("review", target), verdict_word(*verdict), print_text(text)).trim_end().to_owned()
        }
        Act::Merge => about("merge", target),
        Act::Close { reason } => with_text("close", target, reason, only_items),
        Act::Note { text } => plain("note", target, text),
        Act::Title { title } => plain("title", target, title),
        Act::Tag { tags } => words("tag", tags.iter().map(print_tag).collect()),
        Act::Untag { tags } => words("untag", tags.iter().map(print_tag).collect()),
        Act::Prio { priority } => words("prio", vec![priority.to_string()]),
        Act::Due { due } => words("due", vec![due.map_or("none".to_owned(), |due| print_due(due, time_zone))]),
        Act::Project { project } => words("project", vec![project.as_ref().map_or("none".to_owned(), print_project)]),
        Act::Link { relation, to } => {
            let to = match to {
                LinkTarget::Item(item) => item.to_string(),
                LinkTarget::Url(url) => url.clone(),
            };
            words("link", vec![if *relation == Relation::For { format!("for:{to}") } else { to }])
        }
        Act::Attach { attachments, text } => format!("({} files) {text}", attachments.len()).trim_end().to_owned(),
        Act::Correct { draft, .. } => format!("(edited) {}", draft.title),
        Act::CorrectText { text, .. } => format!("(edited) {text}"),
    }
}

fn print_look(look: &Look, time_zone: Tz) -> String {
    let filtered = |verb: &str, filter: &Filter<Handle>, page: u32, at: Option<Moment>| {
        let (filter, page) = (filter::print(filter, time_zone), print_page(page));
        format!("/{verb}{filter}{page}{}", moment::print_at(at, time_zone))
    };
    match look {
        Look::Show { target, at } => format!("{}{}", about("show", *target), moment::print_at(*at, time_zone)),
        Look::List { filter, page, at } => filtered("list", filter, *page, *at),
        Look::Board { filter, at } => {
            format!("/board{}{}", print_apart(filter, time_zone, &[PIN, UNPIN]), moment::print_at(*at, time_zone))
        }
        Look::Mine { filter, at } => filtered("mine", filter, 1, *at),
        Look::Next { filter, at } => filtered("next", filter, 1, *at),
        Look::Find { filter, page, at } => filtered("find", filter, *page, *at),
        Look::History { target, page, at } => {
            format!("{}{}{}", about("history", *target), print_page(*page), moment::print_at(*at, time_zone))
        }
        Look::Why { target, at, picture } => {
            let picture = if *picture { " picture" } else { "" };
            format!("{}{picture}{}", about("why", *target), moment::print_at(*at, time_zone))
        }
        Look::Diff { from, to, filter } => {
            format!("/diff{}{}", moment::print_span((Some(*from), *to), time_zone), filter::print(filter, time_zone))
        }
        Look::Stats { filter, from, to, picture } => {
            let picture = if *picture { " picture" } else { "" };
            let span = moment::print_span((*from, *to), time_zone);
            format!("/stats{picture}{span}{}", filter::print_quoted(filter, time_zone))
        }
        Look::Reports => "/report".to_owned(),
        Look::Report { name, words, at } => report::print_look(name, words, *at, time_zone),
        Look::People => "/people".to_owned(),
        Look::Rooms => "/rooms".to_owned(),
        Look::Follows => "/follow".to_owned(),
        Look::Hours => "/digest".to_owned(),
        Look::Prefers => "/prefer".to_owned(),
        Look::Language => "/lang".to_owned(),
        Look::Reactions => "/react".to_owned(),
        Look::Reminders => "/remind".to_owned(),
        Look::Status { all } => if *all { "/status all" } else { "/status" }.to_owned(),
        Look::Help { verb: None } => "/help".to_owned(),
        Look::Help { verb: Some(verb) } => format!("/help {verb}"),
        Look::Start { payload: None } => "/start".to_owned(),
        Look::Start { payload: Some(payload) } => format!("/start {payload}"),
        Look::Pending => "/pair".to_owned(),
    }
}

fn print_page(page: u32) -> String {
    if page > 1 { format!(" page:{page}") } else { String::new() }
}

fn print_room(command: &RoomCommand<Handle>, time_zone: Tz) -> String {
    match command {
        RoomCommand::Enable { .. } => "/enable".to_owned(),
        RoomCommand::Disable => "/disable".to_owned(),
        RoomCommand::Follow { filter } if filter.is_empty() => "/follow all".to_owned(),
        RoomCommand::Follow { filter } => format!("/follow{}", filter::print(filter, time_zone)),
        RoomCommand::Unfollow { filter: None } => "/unfollow all".to_owned(),
        RoomCommand::Unfollow { filter: Some(filter) } if filter.is_empty() => "/unfollow *".to_owned(),
        RoomCommand::Unfollow { filter: Some(filter) } => format!("/unfollow{}", filter::print(filter, time_zone)),
        RoomCommand::Mute { until: None } => "/mute off".to_owned(),
        RoomCommand::Mute { until: Some(until) } => {
            format!("/mute until {}", when::print(*until, time_zone))
        }
        RoomCommand::Set(Setting::Language(language)) if language.is_empty() => "/lang off".to_owned(),
        RoomCommand::PinBoard { filter } => format!("/board pin{}", filter::print(filter, time_zone)),
        RoomCommand::UnpinBoard => "/board unpin".to_owned(),
        RoomCommand::React { emoji, verb } => format!("/react {emoji} {}", verb.map_or("off", |verb| verb.word())),
        RoomCommand::ReactOff => "/react off".to_owned(),
        RoomCommand::Set(Setting::Language(language)) => format!("/lang {language}"),
        RoomCommand::Set(Setting::TimeZone(zone)) => format!("/tz {}", zone.name()),
        RoomCommand::Set(Setting::DefaultBucket(bucket)) => format!("/default {bucket}"),
        RoomCommand::Set(Setting::Remind(change)) => remind::print_change(change),
        RoomCommand::Set(Setting::Digest(digest)) => hours::print_digest(digest.as_ref()),
        RoomCommand::Set(Setting::Quiet(hours)) => hours::print_quiet(hours.as_ref(), false),
        RoomCommand::Set(Setting::Urgent(passes)) => format!("/quiet urgent {}", if *passes { "on" } else { "off" }),
        RoomCommand::Quiet { hours, urgent } => hours::print_quiet(Some(hours), *urgent),
        RoomCommand::DigestNow => "/digest now".to_owned(),
    }
}

/// A filter where its first word could be read as one of these.
fn print_apart(filter: &Filter<Handle>, time_zone: Tz, means: &[&str]) -> String {
    let misread = |word: &String| means.iter().any(|it| korean::is(word, it));
    if filter.words.iter().any(misread) {
        filter::print_quoted(filter, time_zone)
    } else {
        filter::print(filter, time_zone)
    }
}

fn print_rebuild(command: &Rebuild, time_zone: Tz) -> String {
    match command {
        Rebuild::Here { filter } => format!("/rebuild here{}", print_apart(filter, time_zone, &["from"])),
        Rebuild::From { room } => format!("/rebuild here from {room}"),
        Rebuild::Yes { code } => format!("/rebuild yes {code}"),
    }
}

fn print_about_person(command: &PersonCommand) -> String {
    match command {
        PersonCommand::Claim { code } => format!("/claim {code}"),
        PersonCommand::Pair { code, role, known_as } => {
            let role = role.map_or(String::new(), |role| format!(" {role}"));
            let known_as = known_as.as_ref().map_or(String::new(), |person| format!(" as {}", print_person(person)));
            format!("/pair {code}{role}{known_as}")
        }
        PersonCommand::Grant { person, role } => format!("/grant {} {role}", print_person(person)),
        PersonCommand::Revoke { person } => format!("/revoke {}", print_person(person)),
        PersonCommand::Forget { person } => format!("/forget {}", print_person(person)),
        PersonCommand::LinkOffer => "/link".to_owned(),
        PersonCommand::LinkTake { code } => format!("/link {code}"),
        PersonCommand::Unlink { account } => format!("/unlink {account}"),
        PersonCommand::Prefer { bot } => format!("/prefer {}", bot.as_deref().unwrap_or("off")),
    }
}
