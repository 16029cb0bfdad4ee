//! What could stand where somebody is typing: from memory, at every key, and only for who may look.

use unicode_segmentation::UnicodeSegmentation as _;
use yoman_chat::{ArgKind, BotName, RoomKind, Suggestion, Typing};

use super::Intake;
use crate::{
    command::{self, Context, when},
    domain::{Bucket, ItemRef, Role},
    lang::Lang,
    projection::{First, Viewer, World, words},
};

/// The longest label and value, in characters.
const CHARS_MAX: usize = 100;
/// The most suggestions, whatever is asked for.
const MOST: usize = 100;
/// The longest text that is looked at.
const TYPED_BYTES_MAX: usize = 1024;
/// What is offered as a moment before anything is typed, and by its beginning after.
const MOMENTS: &[&str] = &[
    "today",
    "tomorrow",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "next mon",
    "next fri",
    "in 1 week",
    "in 2 weeks",
    "in 1 month",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
/// The same in Korean.
const MOMENTS_KOREAN: &[&str] = &[
    "오늘",
    "내일",
    "모레",
    "월요일",
    "화요일",
    "수요일",
    "목요일",
    "금요일",
    "토요일",
    "일요일",
    "다음 주 월요일",
    "다음 주 금요일",
    "1주 뒤",
    "2주 뒤",
    "1개월 뒤",
];
/// So many of them are offered before anything is typed.
const MOMENTS_FIRST: usize = 14;

fn suggestion(label: &str, value: impl Into<String>) -> Suggestion {
    Suggestion { label: fitting(label), value: value.into() }
}

/// At most [`CHARS_MAX`] characters, never a part of what is read as one.
fn fitting(label: &str) -> String {
    let label = words::one_line(label);
    if label.chars().count() <= CHARS_MAX {
        return label.into_owned();
    }
    let mut out = String::new();
    let mut count = 0;
    for grapheme in label.graphemes(true) {
        count += grapheme.chars().count();
        if count >= CHARS_MAX {
            break;
        }
        out.push_str(grapheme);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

impl Intake {
    /// See [`yoman_chat::Accept::suggest`].
    pub(super) fn suggestions(&self, bot: &BotName, typing: &Typing) -> Vec<Suggestion> {
        let Some(speaker) = self.onlooker(&typing.room, &typing.sender) else { return Vec::new() };
        let own = (typing.room.kind == RoomKind::Direct).then_some(speaker.person);
        let Some(viewer) = self.viewer(&typing.room.id, own) else { return Vec::new() };
        let most = typing.most.min(MOST);
        if most == 0 || typing.text.len() > TYPED_BYTES_MAX {
            return Vec::new();
        }
        let context = Context {
            now: self.settings.clock.now(),
            time_zone: viewer.time_zone,
            bare_verbs: self.capabilities(bot.as_str()).is_some_and(|can| can.bare_verbs),
        };
        let asked = Asked { verb: typing.verb.trim_start_matches('/'), role: speaker.role, most, viewer, context };
        let mut found = self.world.read(|world| asked.of(world, &typing.kind, &typing.text));
        found.retain(|it| it.value.chars().count() <= CHARS_MAX);
        found.truncate(most);
        found
    }
}

/// What is asked for, besides the text.
struct Asked<'a> {
    verb: &'a str,
    role: Role,
    most: usize,
    viewer: Viewer,
    context: Context,
}

impl Asked<'_> {
    fn of(&self, world: &World, kind: &ArgKind, typed: &str) -> Vec<Suggestion> {
        match kind {
            ArgKind::Item => self.items(world, typed),
            ArgKind::Person => self.people(world, typed),
            ArgKind::Tag => several(typed, |last| self.tags(world, last)),
            ArgKind::Project => {
                let projects = world.projects_like(typed.trim(), self.most);
                projects.iter().map(|name| suggestion(name, name)).collect()
            }
            ArgKind::When => self.moments(typed),
            ArgKind::Choice(choices) => {
                let begin = words::folded(typed.trim().trim_start_matches('!'));
                let fits = choices.iter().filter(|choice| words::folded(choice).starts_with(&begin));
                fits.map(|choice| suggestion(choice, choice)).collect()
            }
            ArgKind::Verb => self.verbs(typed),
            ArgKind::Filter => self.filters(world, typed),
            ArgKind::Words | ArgKind::Text => Vec::new(),
        }
    }

    /// `T7 Fix login`; behind whole references, one more.
    fn items(&self, world: &World, typed: &str) -> Vec<Suggestion> {
        let (before, last) = typed.rsplit_once([' ', ',']).unwrap_or(("", typed));
        let whole =
            |text: &str| text.split([' ', ',']).all(|piece| piece.is_empty() || piece.parse::<ItemRef>().is_ok());
        let (before, last) = if !before.trim().is_empty() && whole(before) { (before, last) } else { ("", typed) };
        let (of, first) = meant_by(self.verb);
        let found = world.items_like(last, of, first, self.most);
        found
            .into_iter()
            .map(|item| {
                let mut label = format!("{} {}", item.reference, words::one_line(&item.title));
                if let Some(standing) = world.standing(item, crate::lang::Lang::English) {
                    // Said before the title, which may be cut.
                    label = format!("{} {standing}: {}", item.reference, words::one_line(&item.title));
                }
                let value = if before.is_empty() {
                    item.reference.to_string()
                } else {
                    format!("{} {}", before.trim_end(), item.reference)
                };
                let label = if before.is_empty() { label } else { format!("{} {label}", before.trim_end()) };
                suggestion(&label, value)
            })
            .collect()
    }

    fn people(&self, world: &World, typed: &str) -> Vec<Suggestion> {
        several(typed, |last| {
            let begin = words::folded(last.trim_start_matches('@'));
            // Nobody gives roles to themselves.
            let me = "me".starts_with(&begin) && !matches!(self.verb, "grant" | "revoke" | "pair");
            let me = me.then(|| suggestion("@me", "@me"));
            let people = world.people_like(last, self.most).into_iter().map(|(handle, name)| {
                let handle = handle.to_string();
                let same = words::folded(&name) == words::folded(handle.trim_start_matches('@'));
                suggestion(&if same { handle.clone() } else { format!("{handle} {name}") }, handle)
            });
            me.into_iter().chain(people).collect()
        })
    }

    fn tags(&self, world: &World, typed: &str) -> Vec<Suggestion> {
        let tags = world.tags_like(typed, self.most).into_iter().map(|tag| format!("#{tag}"));
        tags.map(|tag| suggestion(&tag, tag.clone())).collect()
    }

    /// What is typed if it is a moment, with its day; else the moments that begin like it.
    fn moments(&self, typed: &str) -> Vec<Suggestion> {
        let typed = typed.trim().trim_matches('"');
        let folded = words::folded(typed);
        let looks_back = matches!(self.verb, "diff");
        let resolved = |text: &str| {
            let at = if looks_back {
                let at = when::instant(text, &self.context, when::Direction::Past).ok()?;
                words::at(at, &self.viewer)
            } else {
                words::due(when::due(text, &self.context).ok()?, &self.viewer)
            };
            Some(suggestion(&format!("{text}   {at}"), text))
        };
        let mut found: Vec<_> = Some(typed).filter(|typed| !typed.is_empty()).and_then(resolved).into_iter().collect();
        let (coming, past, none) = match self.viewer.lang {
            Lang::English => (MOMENTS, ["yesterday", "1 week ago", "1 month ago"], "none"),
            Lang::Korean => (MOMENTS_KOREAN, ["어제", "1주 전", "1개월 전"], "없음"),
        };
        // The long names only once somebody begins to write them.
        let coming = if folded.is_empty() { &coming[..MOMENTS_FIRST] } else { coming };
        let offered: Vec<&str> = if looks_back { past.to_vec() } else { coming.to_vec() };
        let begins = offered.into_iter().filter(|moment| moment.starts_with(&folded) && *moment != folded);
        found.extend(begins.filter_map(resolved));
        if matches!(self.verb, "due") && none.starts_with(&folded) {
            found.push(suggestion(none, none));
        }
        found
    }

    fn verbs(&self, typed: &str) -> Vec<Suggestion> {
        let begin = words::folded(typed.trim().trim_start_matches('/'));
        let may = |verb: &&command::Verb| verb.role.is_none_or(|needed| needed <= self.role);
        let begins = |verb: &command::Verb| {
            let mut words = verb.aliases.iter().chain(verb.korean());
            verb.word.starts_with(&begin) || words.any(|it| it.starts_with(&begin))
        };
        let mut verbs: Vec<_> = command::verbs().iter().filter(may).filter(|verb| begins(verb)).collect();
        verbs.sort_by_key(|verb| !verb.frequent());
        let lang = self.viewer.lang;
        let said = |verb: &&command::Verb| format!("{}   {}", verb.word_in(lang), verb.help_in(lang));
        verbs.iter().map(|verb| suggestion(&said(verb), verb.word)).collect()
    }

    /// The last word of a filter is completed: `todo #au` to `todo #auth`.
    fn filters(&self, world: &World, typed: &str) -> Vec<Suggestion> {
        let (before, last) = match typed.rfind(char::is_whitespace) {
            Some(at) => (typed[..at].trim(), typed[at..].trim()),
            None => ("", typed.trim()),
        };
        let folded = words::folded(last);
        let mut words: Vec<String> = Vec::new();
        let values = |found: Vec<Suggestion>| found.into_iter().map(|it| it.value);
        if let Some(behind) = folded.strip_prefix("in:") {
            words.extend(world.projects_like(behind, self.most).into_iter().map(|name| format!("in:{name}")));
        } else if let Some(behind) = folded.strip_prefix("due:") {
            let moments = self.moments(behind).into_iter().map(|it| it.value);
            words
                .extend(moments.map(|it| if it.contains(' ') { format!("due:\"{it}\"") } else { format!("due:{it}") }));
        } else if folded.starts_with('#') {
            words.extend(values(self.tags(world, &folded)));
        } else if folded.starts_with('@') {
            words.extend(values(self.people(world, &folded)));
        } else {
            let known = Bucket::ALL.iter().map(|bucket| bucket.word()).chain(["open", "doing", "blocked", "done"]);
            let known = known.chain(["@me", "!high", "!urgent", "due:fri", "due:today"]);
            words.extend(known.filter(|word| word.starts_with(&folded)).map(str::to_owned));
            words.extend(values(self.tags(world, &folded)));
        }
        words.truncate(self.most);
        let whole = |word: String| if before.is_empty() { word } else { format!("{before} {word}") };
        words.into_iter().map(whole).map(|text| suggestion(&text, text.clone())).collect()
    }
}

/// Completes the last of several values; those before it stay.
fn several(typed: &str, one: impl Fn(&str) -> Vec<Suggestion>) -> Vec<Suggestion> {
    let (before, last) = typed.rsplit_once([' ', ',']).unwrap_or(("", typed));
    let before = before.trim();
    let found = one(last.trim());
    if before.is_empty() {
        return found;
    }
    found
        .into_iter()
        .map(|it| suggestion(&format!("{before} {}", it.label), format!("{before} {}", it.value)))
        .collect()
}

/// Which items a verb can be about, and which of them come first.
fn meant_by(verb: &str) -> (&'static [Bucket], First) {
    use Bucket::{Idea, Pr, Research, Todo};
    match verb {
        "refine" | "reject" => (&[Idea], First::Open),
        "finding" => (&[Research], First::Open),
        "doing" | "need" | "needs" | "unneed" | "criterion" => (&[Todo], First::Open),
        "done" => (&[Todo, Research], First::Open),
        "promote" => (&[Idea, Research, Todo], First::Open),
        "review" | "merge" | "close" => (&[Pr], First::Open),
        "reopen" => (&Bucket::ALL, First::Closed),
        _ => (&Bucket::ALL, First::Open),
    }
}
