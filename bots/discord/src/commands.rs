//! Purpose: the menu as slash commands, registered only when they have changed, and what was chosen as text.
//! Source: <https://discord.com/developers/docs/interactions/application-commands>.

use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::{CommandOptionType, CommandType, CreateCommand, CreateCommandOption, InteractionContext};
use yoman_chat::{Arg, ArgKind, Ask, Inbox, Menu, MenuVerb};

use crate::{
    api::{Api, CallError},
    outbound::{cut, fingerprint},
    wire::Option_,
};

/// Message commands, and the verb each stands for.
const ON_MESSAGES: [(&str, &str); 2] = [("Capture as idea", "idea"), ("Capture as to do", "todo")];
/// What message commands, and the one that holds every verb, are called in other languages.
const IN_OTHERS: [(&str, &str, &str); 4] = [
    ("Capture as idea", "ko", "아이디어로 담기"),
    ("Capture as to do", "ko", "할 일로 담기"),
    (OPEN_THREAD, "ko", "스레드 열기"),
    (EVERYTHING, "ko", "할 수 있는 말 전부"),
];
const EVERYTHING: &str = "Everything that can be said";
/// The message command that opens a thread on a card.
pub(crate) const OPEN_THREAD: &str = "Open a thread";
/// Under which key the fingerprint is remembered.
const KEY: &str = "commands";
const COMMANDS_MAX: usize = 100;
const OPTIONS_MAX: usize = 25;
const ABOUT_CHARS_MAX: usize = 100;
/// What names, descriptions and values of one command may come to.
const COMMAND_CHARS_MAX: usize = 8_000;
/// The most a custom id holds.
const ID_CHARS_MAX: usize = 100;
/// Parts the values in a form's id: nobody can type it.
const PART: char = '\u{1f}';

/// Which commands are registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// The frequent verbs as commands of their own, and every verb under one more.
    #[default]
    Both,
    /// Only the frequent verbs.
    Frequent,
    /// Only the one under which every verb stands.
    Under,
    /// None.
    Off,
}

/// Everything to be registered.
///
/// Where they are for one server alone, nothing is said of direct chats: that belongs to those of everywhere.
pub(crate) fn declared(menu: &Menu, which: Commands, under: &str, guild: Option<u64>) -> Vec<Value> {
    let mut out = everywhere(menu, which, under);
    if guild.is_some() {
        out.iter_mut().filter_map(Value::as_object_mut).for_each(|command| drop(command.remove("contexts")));
    }
    out
}

fn everywhere(menu: &Menu, which: Commands, under: &str) -> Vec<Value> {
    let mut out = Vec::new();
    if which == Commands::Off {
        return out;
    }
    if matches!(which, Commands::Both | Commands::Under) && !menu.verbs.is_empty() {
        out.push(all_under_one(menu, under));
    }
    if matches!(which, Commands::Both | Commands::Frequent) {
        let frequent = menu.verbs.iter().filter(|verb| verb.frequent && verb.word != under && is_name(&verb.word));
        out.extend(frequent.take(COMMANDS_MAX - out.len()).map(|verb| within(|about| own(verb, about))));
    }
    let known = ON_MESSAGES.iter().filter(|(_, verb)| menu.verb(verb).is_some()).map(|(name, _)| *name);
    let on_message = |name: &str| {
        let command = CreateCommand::new(name).kind(CommandType::Message);
        json!(in_others(name).fold(command, |command, (lang, name)| command.name_localized(lang, name)))
    };
    out.extend(known.chain([OPEN_THREAD]).map(on_message));
    out
}

fn in_others(words: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    IN_OTHERS.iter().filter(move |(known, ..)| *known == words).map(|&(_, lang, words)| (lang, words))
}

/// The verb a message command stands for.
pub(crate) fn on_message(name: &str) -> Option<&'static str> {
    ON_MESSAGES.iter().find(|(known, _)| *known == name).map(|(_, verb)| *verb)
}

/// Makes a command with ever shorter descriptions, until it is small enough.
fn within(make: impl Fn(usize) -> Value) -> Value {
    let sizes = [ABOUT_CHARS_MAX, 60, 40, 24, 12, 6, 1];
    let mut made = Value::Null;
    for about in sizes {
        made = make(about);
        if chars(&made) <= COMMAND_CHARS_MAX {
            break;
        }
    }
    made
}

/// Names, descriptions and values together, as the service counts them.
fn chars(of: &Value) -> usize {
    let count = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    // Of several languages, the longest counts.
    let longest = |of: &Value, field: &str| {
        let others = of[format!("{field}_localizations")].as_object().into_iter().flat_map(|others| others.values());
        others.map(count).chain([count(&of[field])]).max().unwrap_or(0)
    };
    let choices = of["choices"].as_array().into_iter().flatten().map(|it| longest(it, "name") + count(&it["value"]));
    let inner = of["options"].as_array().into_iter().flatten().map(chars);
    longest(of, "name") + longest(of, "description") + choices.sum::<usize>() + inner.sum::<usize>()
}

fn own(verb: &MenuVerb, about: usize) -> Value {
    let command = CreateCommand::new(&verb.word)
        .description(described(&verb.help, &verb.word, about))
        .contexts(vec![InteractionContext::Guild, InteractionContext::BotDm])
        .set_options(options(verb, about));
    json!(verb.other.iter().fold(command, |command, other| {
        let command = command.description_localized(&other.lang, described(&other.help, &verb.word, about));
        match other.words.first().filter(|word| is_name_in_other(word)) {
            Some(word) => command.name_localized(&other.lang, word),
            None => command,
        }
    }))
}

/// `/<under> <group> <verb>`, or `/<under> <verb>` while they are few.
fn all_under_one(menu: &Menu, under: &str) -> Value {
    let verbs: Vec<&MenuVerb> = menu.verbs.iter().filter(|verb| is_name(&verb.word)).collect();
    within(|about| {
        let subs: Vec<CreateCommandOption> = if verbs.len() <= OPTIONS_MAX {
            verbs.iter().map(|verb| sub(verb, about)).collect()
        } else {
            let group = |(name, verbs): &(String, Vec<&MenuVerb>)| {
                let subs: Vec<_> = verbs.iter().map(|verb| sub(verb, about)).collect();
                let option =
                    CreateCommandOption::new(CommandOptionType::SubCommandGroup, name, described(name, name, about));
                option.set_sub_options(subs)
            };
            groups(&verbs).iter().take(OPTIONS_MAX).map(group).collect()
        };
        let command = CreateCommand::new(under)
            .description(EVERYTHING)
            .contexts(vec![InteractionContext::Guild, InteractionContext::BotDm])
            .set_options(subs);
        let all = in_others(EVERYTHING).fold(command, |command, (lang, all)| command.description_localized(lang, all));
        json!(all)
    })
}

/// The verbs by heading; a heading with too many is parted.
fn groups<'a>(verbs: &[&'a MenuVerb]) -> Vec<(String, Vec<&'a MenuVerb>)> {
    let mut out: Vec<(String, Vec<&MenuVerb>)> = Vec::new();
    for verb in verbs {
        let base = slug(&verb.group);
        let nth = |n: usize| if n == 1 { base.clone() } else { format!("{base}{n}") };
        let name = (1..)
            .map(nth)
            .find(|name| out.iter().find(|(known, _)| known == name).is_none_or(|(_, all)| all.len() < OPTIONS_MAX))
            .unwrap_or(base.clone());
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(verb),
            None => out.push((name, vec![verb])),
        }
    }
    out
}

fn slug(heading: &str) -> String {
    let plain: String =
        heading.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(28).collect();
    let words: Vec<_> = plain.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "more".into() } else { words.join("-") }
}

fn sub(verb: &MenuVerb, about: usize) -> CreateCommandOption {
    let sub =
        CreateCommandOption::new(CommandOptionType::SubCommand, &verb.word, described(&verb.help, &verb.word, about))
            .set_sub_options(options(verb, about));
    verb.other.iter().fold(sub, |sub, other| {
        let sub = sub.description_localized(&other.lang, described(&other.help, &verb.word, about));
        match other.words.first().filter(|word| is_name_in_other(word)) {
            Some(word) => sub.name_localized(&other.lang, word),
            None => sub,
        }
    })
}

/// The options of a verb, those that must be given first. A required long text may be left out: a form asks for it.
fn options(verb: &MenuVerb, about: usize) -> Vec<CreateCommandOption> {
    let must = |arg: &&Arg| arg.required && arg.kind != ArgKind::Text;
    let legal = || verb.args.iter().filter(|arg| is_name(&arg.name));
    let ordered = legal().filter(must).chain(legal().filter(|arg| !must(arg)));
    ordered.take(OPTIONS_MAX).map(|arg| option(arg, about)).collect()
}

fn option(arg: &Arg, about: usize) -> CreateCommandOption {
    let required = arg.required && arg.kind != ArgKind::Text;
    let option =
        CreateCommandOption::new(CommandOptionType::String, &arg.name, described(&arg.about, &arg.name, about))
            .required(required);
    let option = arg.other.iter().fold(option, |option, other| {
        let option = option.description_localized(&other.lang, described(&other.about, &arg.name, about));
        if is_name_in_other(&other.name) { option.name_localized(&other.lang, &other.name) } else { option }
    });
    match &arg.kind {
        ArgKind::Choice(words) if words.len() <= OPTIONS_MAX => {
            let words = words.iter().enumerate().filter(|(_, word)| (1..=100).contains(&word.chars().count()));
            words.fold(option, |option, (n, word)| {
                let others = arg.other.iter().filter_map(|other| Some((&other.lang, other.choices.get(n)?)));
                let others: Vec<_> = others.filter(|(_, word)| (1..=100).contains(&word.chars().count())).collect();
                if others.is_empty() {
                    option.add_string_choice(word, word.as_str())
                } else {
                    option.add_string_choice_localized(word, word.as_str(), others)
                }
            })
        }
        ArgKind::Words | ArgKind::Text => option,
        _ => option.set_autocomplete(true),
    }
}

fn described(text: &str, or: &str, max: usize) -> String {
    let text = cut(text.trim(), max);
    if text.is_empty() { cut(or, max) } else { text }
}

fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

/// The same in other scripts than Latin.
fn is_name_in_other(name: &str) -> bool {
    (1..=32).contains(&name.chars().count())
        && name.chars().all(|c| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '_' | '-'))
}

/// The verb and its options from what was chosen.
pub(crate) fn chosen<'a>(
    menu: &'a Menu,
    under: &str,
    name: &'a str,
    options: &'a [Option_],
) -> Option<(&'a MenuVerb, &'a [Option_])> {
    let (mut word, mut options) = (name, options);
    if name == under {
        // Down to the last that holds others: `/<under> capture todo`.
        while let [only] = options
            && only.value.is_null()
        {
            word = &only.name;
            options = &only.options;
        }
    }
    Some((menu.verb(word)?, options))
}

/// What was chosen: a text, or a form for the words that are missing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Text(String),
    Form { id: String, ask: Ask },
}

/// The command as text, or the form it needs.
pub(crate) fn choice(verb: &MenuVerb, options: &[Option_]) -> Choice {
    let values: Vec<(String, String)> =
        options.iter().map(|option| (option.name.clone(), written(&option.value))).collect();
    let given = |arg: &Arg| values.iter().any(|(name, value)| *name == arg.name && !value.trim().is_empty());
    let missing = verb.args.iter().find(|arg| arg.kind == ArgKind::Text && arg.required && !given(arg));
    if let Some(arg) = missing {
        let mut id = format!("c{}{PART}{}", verb.word, arg.name);
        for (name, value) in &values {
            id.push_str(&format!("{PART}{name}={value}"));
        }
        if id.chars().count() <= ID_CHARS_MAX {
            let ask = Ask { title: format!("/{}", verb.word), label: cut(&arg.about, 45), long: true, optional: false };
            return Choice::Form { id, ask };
        }
    }
    Choice::Text(verb.compose(&values))
}

/// The command as text, from a form that was filled in.
pub(crate) fn filled(menu: &Menu, id: &str, words: &str) -> Option<String> {
    let mut parts = id.strip_prefix('c')?.split(PART);
    let (verb, asked) = (menu.verb(parts.next()?)?, parts.next()?);
    let mut values: Vec<(String, String)> = parts
        .filter_map(|part| part.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    values.push((asked.to_owned(), words.to_owned()));
    Some(verb.compose(&values))
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Registers the commands unless they stand as they should.
///
/// # Errors
/// When the service refused them; they are tried again at the next start.
pub(crate) async fn register(
    api: &Api,
    inbox: &Inbox,
    app: u64,
    guild: Option<u64>,
    commands: &[Value],
) -> Result<bool, CallError> {
    let place = guild.map_or_else(|| "global".to_owned(), |guild| guild.to_string());
    let texts: Vec<String> = commands.iter().map(Value::to_string).collect();
    let mut parts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let app_text = app.to_string();
    parts.push(&app_text);
    let wanted = format!("{place} {}", fingerprint(&parts));
    let before = inbox.recall(KEY).await;
    if before.as_deref() == Some(wanted.as_str()) {
        return Ok(false);
    }
    put(api, app, guild, commands).await?;
    // Those of another place would stand beside these: everything twice.
    if let Some((old, _)) = before.as_deref().and_then(|before| before.split_once(' '))
        && old != place
    {
        match put(api, app, old.parse().ok(), &[]).await {
            Err(error) if !matches!(error.status(), 403 | 404) => return Err(error),
            _ => {}
        }
    }
    inbox.remember(KEY, &wanted).await;
    Ok(true)
}

async fn put(api: &Api, app: u64, guild: Option<u64>, commands: &[Value]) -> Result<Value, CallError> {
    api.call(Method::PUT, &path(app, guild), Some(&json!(commands)), None).await
}

/// Where commands are registered.
pub(crate) fn path(app: u64, guild: Option<u64>) -> String {
    match guild {
        Some(guild) => format!("applications/{app}/guilds/{guild}/commands"),
        None => format!("applications/{app}/commands"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg(name: &str, kind: ArgKind, required: bool) -> Arg {
        Arg { name: name.into(), about: format!("the {name}"), kind, required, before: String::new(), other: vec![] }
    }

    fn verb(word: &str, args: Vec<Arg>) -> MenuVerb {
        MenuVerb {
            word: word.into(),
            aliases: Vec::new(),
            usage: format!("/{word}"),
            help: "x".repeat(100),
            group: "Look & see".into(),
            args,
            frequent: true,
            look: false,
            private: false,
            other: Vec::new(),
        }
    }

    #[test]
    fn what_must_be_given_comes_first_and_long_texts_may_wait() {
        let args = vec![
            arg("text", ArgKind::Text, true),
            arg("tag", ArgKind::Tag, false),
            arg("item", ArgKind::Item, true),
            arg("size", ArgKind::Choice(vec!["big".into()]), false),
        ];
        let command = own(&verb("note", args), 100);
        let names: Vec<&str> =
            command["options"].as_array().unwrap().iter().map(|option| option["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["item", "text", "tag", "size"]);
        assert_eq!(command["options"][0]["required"], true);
        assert_eq!(command["options"][1]["required"], false);
        assert_eq!(command["options"][2]["autocomplete"], true);
        assert_eq!(command["options"][3]["choices"][0]["value"], "big");
    }

    #[test]
    fn however_many_verbs_there_are_they_fit() {
        let args = || (0..8).map(|n| arg(&format!("arg{n}"), ArgKind::Item, false)).collect();
        let verbs: Vec<MenuVerb> = (0..60).map(|n| verb(&format!("verb{n}"), args())).collect();
        let menu = Menu { verbs };
        let commands = declared(&menu, Commands::Both, "all", None);
        assert!(commands.iter().all(|command| chars(command) <= COMMAND_CHARS_MAX));
        let groups: Vec<&str> =
            commands[0]["options"].as_array().unwrap().iter().map(|option| option["name"].as_str().unwrap()).collect();
        assert_eq!(groups, ["look-see", "look-see2", "look-see3"]);
        assert_eq!(declared(&menu, Commands::Under, "all", Some(1)).len(), 2);
        assert!(declared(&menu, Commands::Off, "all", None).is_empty());
    }

    #[test]
    fn a_missing_text_is_asked_for_in_a_form() {
        let menu = Menu {
            verbs: vec![verb("note", vec![arg("item", ArgKind::Item, true), arg("text", ArgKind::Text, true)])],
        };
        let options = vec![Option_ { name: "item".into(), value: json!("T7"), focused: false, options: Vec::new() }];
        let (found, options) = chosen(&menu, "all", "note", &options).unwrap();
        let Choice::Form { id, ask } = choice(found, options) else { panic!() };
        assert!(ask.long && ask.title == "/note");
        assert_eq!(filled(&menu, &id, "two\nlines").as_deref(), Some("/note T7 two\nlines"));
        assert_eq!(filled(&menu, "cunknown", "x"), None);
    }
}
