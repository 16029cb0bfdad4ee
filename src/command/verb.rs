//! The table of verbs. It is the only list of verbs there is: parsing, suggestions, help and rights read it.

use super::{
    Command, Fault,
    args::Args,
    confirm, hours, idea, item,
    korean::{self, Korean},
    look, person, pr, remind, report, research, room, todo, undo,
};
use crate::{domain::Role, lang::Lang};

/// What a verb is about; the headings of /help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// New items.
    Create,
    /// The life of an item.
    Life,
    /// Facts about any item.
    Fact,
    /// Looks.
    Look,
    /// The past.
    Past,
    /// What this room gets.
    Room,
    /// Who may what.
    People,
    /// The rest.
    Help,
}

impl Group {
    /// All of them, in the order of /help.
    pub const ALL: [Self; 8] =
        [Self::Create, Self::Life, Self::Fact, Self::Look, Self::Past, Self::Room, Self::People, Self::Help];

    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Create => "Capture",
            Self::Life => "Work on it",
            Self::Fact => "Say more about it",
            Self::Look => "Look",
            Self::Past => "Look back, take back",
            Self::Room => "This room",
            Self::People => "People and rooms",
            Self::Help => "Help",
        }
    }

    /// Its heading, in a language.
    pub fn heading_in(self, lang: Lang) -> &'static str {
        in_language(lang, self.heading(), korean::HEADINGS)
    }

    /// What /help is asked to show what stands under it, in a language.
    pub fn topic_in(self, lang: Lang) -> &'static str {
        in_language(lang, self.topic(), korean::TOPICS)
    }

    /// What /help is asked to show what stands under it.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Create => "capture",
            Self::Life => "work",
            Self::Fact => "facts",
            Self::Look => "look",
            Self::Past => "past",
            Self::Room => "room",
            Self::People => "people",
            Self::Help => "help",
        }
    }
}

/// A word of a table in a language.
pub(super) fn in_language(lang: Lang, word: &'static str, table: korean::Table) -> &'static str {
    match lang {
        Lang::English => word,
        Lang::Korean => korean::korean(word, table).first().unwrap_or(&word),
    }
}

/// Reads what stands behind a verb.
pub(super) type Read = fn(&mut Args<'_>) -> Result<Command, Fault>;

/// A verb: all there is to know about it.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    /// The word, lower case, without `/`.
    pub word: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// How it is written, with `[…]` around what may be left out.
    pub usage: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    /// A whole command, without `/`, that can be sent as it is.
    pub example: &'static str,
    /// Where it stands in /help.
    pub group: Group,
    /// The least role that may use it in some form ([`Command::role`] knows better); `None`: anybody.
    pub role: Option<Role>,
    /// Whether it acts on an item or looks at one, so that it can answer a card.
    pub item: bool,
    /// How it is read.
    pub(super) read: Read,
}

impl Verb {
    /// Korean words for it; the first is the one that is shown.
    pub fn korean(&self) -> &'static [&'static str] {
        korean::of_verb(self.word).map_or(&[], |korean| korean.words)
    }

    /// How it is written, in a language.
    pub fn usage_in(&self, lang: Lang) -> &'static str {
        self.korean_or(lang, self.usage, |korean| korean.usage)
    }

    /// What it does, in a language.
    pub fn help_in(&self, lang: Lang) -> &'static str {
        self.korean_or(lang, self.help, |korean| korean.help)
    }

    /// A whole command, without `/`, in a language.
    pub fn example_in(&self, lang: Lang) -> &'static str {
        self.korean_or(lang, self.example, |korean| korean.example)
    }

    /// The word that is shown, in a language.
    pub fn word_in(&self, lang: Lang) -> &'static str {
        self.korean_or(lang, self.word, |korean| korean.words.first().unwrap_or(&self.word))
    }

    fn korean_or(
        &self,
        lang: Lang,
        english: &'static str,
        of: impl Fn(&'static Korean) -> &'static str,
    ) -> &'static str {
        match lang {
            Lang::English => english,
            Lang::Korean => korean::of_verb(self.word).map_or(english, of),
        }
    }

    const fn new(
        word: &'static str,
        usage: &'static str,
        help: &'static str,
        example: &'static str,
        group: Group,
        role: Role,
        read: Read,
    ) -> Self {
        let item = matches!(group, Group::Life | Group::Fact);
        Self { word, aliases: &[], usage, help, example, group, role: Some(role), item, read }
    }

    const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn about_item(self) -> Self {
        Self { item: true, ..self }
    }

    const fn for_anybody(self) -> Self {
        Self { role: None, ..self }
    }
}

use Group::{Create, Fact, Help, Life, Look, Past, People, Room};
use Role::{Guest, Maintainer, Member, Owner};

#[rustfmt::skip]
static VERBS: &[Verb] = &[
    Verb::new("idea", "/idea text", "keep a thought", "idea Offline mode for the app #app", Create, Member, idea::create),
    Verb::new("research", "/research text", "begin to find something out", "research Which store survives a kill?", Create, Member, research::create),
    Verb::new("todo", "/todo text", "put work on the list", "todo Fix login #auth !high due:fri @me", Create, Member, todo::create),
    Verb::new("pr", "/pr text", "ask for a change to be looked at", "pr Retry the upload for:T7", Create, Member, pr::create),

    Verb::new("refine", "/refine [I3] text", "say an idea better", "refine I3 Only the reading has to work offline", Life, Member, idea::refine),
    Verb::new("reject", "/reject [I3] [why]", "drop an idea", "reject I3 too early", Life, Member, idea::reject),
    Verb::new("promote", "/promote [I3] [research|todo|pr] [tokens]", "take it to the next stage", "promote R1 todo @dana !high", Life, Member, idea::promote),
    Verb::new("finding", "/finding [R2] text", "add what was found out", "finding R2 It survives, with fdatasync", Life, Member, research::finding),
    Verb::new("assign", "/assign [T7] @person …", "give it to somebody", "assign T7 @dana", Life, Member, item::assign),
    Verb::new("unassign", "/unassign [T7] @person …", "take it from somebody", "unassign T7 @dana", Life, Member, item::unassign),
    Verb::new("doing", "/doing [T7]", "begin", "doing T7", Life, Member, todo::doing).or(&["begin"]),
    Verb::new("done", "/done [T7] [anyway] [text]", "finish a todo or a research", "done T7", Life, Member, todo::done).or(&["finish"]),
    Verb::new("reopen", "/reopen [T7] [why]", "open it again", "reopen T7 it came back", Life, Member, item::reopen),
    Verb::new("need", "/need [T7] T3 …", "it waits for another item", "need T7 T3", Life, Member, todo::need).or(&["needs"]),
    Verb::new("unneed", "/unneed [T7] T3 …", "it does not wait for it any more", "unneed T7 T3", Life, Member, todo::unneed),
    Verb::new("criterion", "/criterion [T7] text", "say when it is done", "criterion T7 Works without a network", Life, Member, todo::criterion),
    Verb::new("review", "/review [P4] [approve|changes|comment] [text]", "say what you think of a change", "review P4 approve", Life, Member, pr::review),
    Verb::new("merge", "/merge [P4]", "it went in", "merge P4", Life, Member, pr::merge),
    Verb::new("close", "/close [P4] [why]", "it will not go in", "close P4 superseded by P5", Life, Member, pr::close),

    Verb::new("note", "/note [T7] text", "say something on it", "note T7 Seen on Android too", Fact, Member, item::note),
    Verb::new("title", "/title [T7] text", "another title", "title T7 Fix the login", Fact, Member, item::title),
    Verb::new("tag", "/tag [T7] #tag …", "add tags", "tag T7 #auth", Fact, Member, item::tag),
    Verb::new("untag", "/untag [T7] #tag …", "take tags off", "untag T7 #auth", Fact, Member, item::untag),
    Verb::new("prio", "/prio [T7] low|normal|high|urgent", "how pressing it is", "prio T7 high", Fact, Member, item::prio).or(&["priority"]),
    Verb::new("due", "/due [T7] when|none", "when it is due", "due T7 fri", Fact, Member, item::due),
    Verb::new("project", "/project [T7] name|none", "which project it belongs to", "project T7 app", Fact, Member, item::project),
    Verb::new("link", "/link [T7] T9|for:T9|url, or /link [CODE]", "what it leads to; alone: be known on another platform too", "link T7 https://example.org/42", Fact, Guest, item::link),

    Verb::new("show", "/show [T7] [at when], or T7", "one item", "show T7", Look, Guest, look::show).about_item(),
    Verb::new("list", "/list [bucket] [state] [filter] [page:2] [at when]", "items", "list todo open #auth @me", Look, Guest, look::list).or(&["ls"]),
    Verb::new("board", "/board [pin|unpin] [filter] [at when]", "all stages side by side; pin: kept up to date in this room", "board in:app", Look, Guest, look::board),
    Verb::new("mine", "/mine [filter] [at when]", "what is yours", "mine due:fri", Look, Guest, look::mine),
    Verb::new("next", "/next [filter] [at when]", "what can be done now", "next #auth", Look, Guest, look::next),
    Verb::new("find", "/find words [filter] [page:2] [at when]", "items with these words", "find login #auth", Look, Guest, look::find).or(&["search"]),

    Verb::new("history", "/history [T7] [page:2] [at when]", "what happened to it", "history T7", Past, Guest, look::history).about_item(),
    Verb::new("why", "/why [T7] [picture] [at when]", "who did what, and what followed from it", "why T7", Past, Guest, look::why).about_item(),
    Verb::new("undo", "/undo [T7[@version]] [parts]", "take an act back: your last one here, or the last on T7", "undo T7 due", Past, Member, undo::undo).about_item(),
    Verb::new("diff", "/diff when [when] [T7|filter]", "what changed between two moments", "diff last friday", Past, Guest, look::diff),
    Verb::new("stats", "/stats [picture] [from..to] [filter]", "how much was done, and how long it took", "stats 4 weeks", Past, Guest, look::stats),
    Verb::new("report", "/report [name [words] [at when]]", "count over the whole history; alone: which there are", "report removed-soon at last friday", Past, Member, report::report).or(&["reports"]),

    Verb::new("follow", "/follow [filter|all] [on:created,done]", "be told about these items here; alone: what is followed", "follow #auth", Room, Guest, room::follow),
    Verb::new("unfollow", "/unfollow [filter|all]", "not any more", "unfollow #auth", Room, Member, room::unfollow),
    Verb::new("mute", "/mute 2h|3 days|until when|off", "be told nothing for a while, and nothing of it afterwards", "mute 2h", Room, Member, room::mute),
    Verb::new("unmute", "/unmute", "be told again", "unmute", Room, Member, room::unmute),
    Verb::new("digest", "/digest [daily 9:00|weekly mon 9:00|now|off]", "one message a day or a week instead of each at once; alone: what is set", "digest daily 9:00", Room, Guest, hours::digest),
    Verb::new("quiet", "/quiet [22:00-7:00 [urgent]|urgent on|urgent off|off]", "hours without messages; what comes meanwhile comes as one afterwards", "quiet 22:00-7:00", Room, Guest, hours::quiet),
    Verb::new("remind", "/remind [T7 when [words]|due 1d 1h|stale 14d|blocked 3d|off]", "be reminded of an item then; of what is due, stale or blocked, or not; alone: what is set", "remind T7 tomorrow 9:00", Room, Guest, remind::remind).about_item(),
    Verb::new("react", "/react [emoji verb|off]", "what a reaction to a card does; alone: which there are", "react 👀 start", Room, Guest, room::react).or(&["reactions"]),
    Verb::new("lang", "/lang [en|ko|off]", "the language of this room", "lang ko", Room, Member, room::lang).or(&["language"]),
    Verb::new("tz", "/tz Area/City", "the time zone of this room", "tz Asia/Seoul", Room, Member, room::tz).or(&["timezone"]),
    Verb::new("rebuild", "/rebuild here [filter|from room]", "its board and open cards anew; from: set like another room", "rebuild here", Room, Member, room::rebuild),
    Verb::new("default", "/default idea|research|todo|pr", "where a bare sentence goes", "default todo", Room, Member, room::default),

    Verb::new("claim", "/claim CODE", "become owner, with the code shown at the first start", "claim 7Q4M2XKD", People, Guest, person::claim).for_anybody(),
    Verb::new("pair", "/pair [CODE [role] [as @name]]", "let somebody in; alone: who waits", "pair 7Q4M2XKD member as @kim", People, Maintainer, person::pair),
    Verb::new("people", "/people", "who may what", "people", People, Guest, look::people),
    Verb::new("grant", "/grant @person role", "give a role: guest, member, maintainer, owner", "grant @dana maintainer", People, Maintainer, person::grant),
    Verb::new("revoke", "/revoke @person", "take the role away", "revoke @dana", People, Maintainer, person::revoke),
    Verb::new("forget", "/forget @person", "destroy the key to all they wrote, for ever; asks first", "forget @dana", People, Owner, person::forget),
    Verb::new("unlink", "/unlink platform", "be known there no more", "unlink console", People, Guest, person::unlink),
    Verb::new("prefer", "/prefer [platform|off]", "where you are told of what is yours; alone: what is set", "prefer console", People, Guest, person::prefer),
    Verb::new("rooms", "/rooms", "where the bot is", "rooms", People, Maintainer, look::rooms),
    Verb::new("enable", "/enable", "let the bot speak in this room", "enable", People, Maintainer, room::enable),
    Verb::new("disable", "/disable", "silence it in this room", "disable", People, Maintainer, room::disable),

    Verb::new("confirm", "/confirm CODE", "say yes to what I asked, as its button does", "confirm 7Q4M2XKD", Help, Guest, confirm::confirm),
    Verb::new("help", "/help [verb|all]", "how to begin, all about one verb, or everything", "help todo", Help, Guest, look::help),
    Verb::new("status", "/status [all]", "whether all is well", "status", Help, Guest, look::status),
    Verb::new("start", "/start", "say hello", "start", Help, Guest, look::start),
];

/// All verbs, in the order of /help.
pub fn verbs() -> &'static [Verb] {
    VERBS
}

/// The verb with this word or alias, in any case, or with this Korean word.
pub(super) fn find(word: &str) -> Option<&'static Verb> {
    let word = korean::english_verb(word);
    let is = |known: &&str| known.eq_ignore_ascii_case(word);
    VERBS.iter().find(|verb| is(&verb.word) || verb.aliases.iter().any(is))
}

/// All words there are for verbs.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    let english = |verb: &'static Verb| std::iter::once(verb.word).chain(verb.aliases.iter().copied());
    VERBS.iter().flat_map(move |verb| english(verb).chain(verb.korean().iter().copied()))
}

impl Command {
    /// The least role that may do this; `None`: anybody. What depends on more than the text is left to whoever knows it:
    /// that settings of a group take a maintainer, that nobody acts on somebody above them.
    pub fn role(&self) -> Option<Role> {
        use super::{Look, PersonCommand};
        use crate::domain::room::Command as RoomCommand;
        match self {
            Self::Create { .. } | Self::Item { .. } | Self::Undo { .. } => Some(Member),
            Self::Look(Look::Pending | Look::Rooms) => Some(Maintainer),
            Self::Look(Look::Reports | Look::Report { .. }) => Some(Member),
            Self::Look(_) => Some(Guest),
            Self::Room(RoomCommand::Enable { .. } | RoomCommand::Disable) => Some(Maintainer),
            Self::Room(_) | Self::Rebuild(_) => Some(Member),
            Self::Person(PersonCommand::Claim { .. }) => None,
            Self::Person(
                PersonCommand::LinkOffer
                | PersonCommand::LinkTake { .. }
                | PersonCommand::Unlink { .. }
                | PersonCommand::Prefer { .. },
            ) => Some(Guest),
            Self::Person(PersonCommand::Pair { role: Some(role), .. } | PersonCommand::Grant { role, .. })
                if *role >= Maintainer =>
            {
                Some(Role::Owner)
            }
            Self::Person(PersonCommand::Forget { .. }) => Some(Owner),
            Self::Person(_) => Some(Maintainer),
            Self::Report(_) => Some(Role::Owner),
            // What it confirms is judged by itself.
            Self::Confirm { .. } => Some(Guest),
            Self::Remind(_) => Some(Member),
        }
    }
}
