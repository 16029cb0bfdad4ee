//! Purpose: what may be registered as commands, and what people can choose of it.
//! Source: <https://discord.com/developers/docs/interactions/application-commands>.

use serde_json::{Value, json};

use super::{form::Fault, model::Invoke, world::World};

const COMMANDS_MAX: usize = 100;
const OPTIONS_MAX: usize = 25;
const CHARS_MAX: usize = 8_000;

/// Checks a list for a bulk overwrite.
pub(crate) fn check(list: &[Value]) -> Result<(), Fault> {
    let of_kind = |kind: u64| list.iter().filter(|c| c["type"].as_u64().unwrap_or(1) == kind).count();
    if of_kind(1) > COMMANDS_MAX || of_kind(2) > 5 || of_kind(3) > 5 {
        return Err(Fault::coded(30032, "Maximum number of application commands reached (100)."));
    }
    for (n, command) in list.iter().enumerate() {
        one(command).map_err(|(at, why)| Fault::form(&format!("{n}.{at}"), "BASE_TYPE_BAD", &why))?;
        let same = |other: &&Value| other["name"] == command["name"] && other["type"] == command["type"];
        if list.iter().filter(same).count() > 1 {
            let why = "Application command names must be unique";
            return Err(Fault::form(&format!("{n}.name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", why));
        }
    }
    Ok(())
}

type Wrong = (String, String);

fn one(command: &Value) -> Result<(), Wrong> {
    let name = command["name"].as_str().unwrap_or_default();
    let kind = command["type"].as_u64().unwrap_or(1);
    if kind != 1 {
        if !(1..=32).contains(&name.chars().count()) {
            return Err(("name".into(), "Must be between 1 and 32 in length.".into()));
        }
        let options = command["options"].as_array().is_some_and(|list| !list.is_empty());
        if command["description"].as_str().is_some_and(|text| !text.is_empty()) || options {
            return Err(("description".into(), "Context menu commands cannot have description or options".into()));
        }
        return Ok(());
    }
    named(command, "")?;
    check_options(&command["options"], "options", 0)?;
    let chars = chars(command);
    if chars > CHARS_MAX {
        return Err(("name".into(), format!("Command exceeds maximum size ({CHARS_MAX}): {chars}")));
    }
    Ok(())
}

fn named(of: &Value, at: &str) -> Result<(), Wrong> {
    let name = of["name"].as_str().unwrap_or_default();
    let legal = |c: char| c == '-' || c == '_' || c == '\'' || (c.is_alphanumeric() && !c.is_uppercase());
    if !(1..=32).contains(&name.chars().count()) || !name.chars().all(legal) {
        return Err((format!("{at}name"), format!("Command name is invalid: {name:?}")));
    }
    let about = of["description"].as_str().unwrap_or_default();
    if !(1..=100).contains(&about.chars().count()) {
        return Err((format!("{at}description"), "Must be between 1 and 100 in length.".into()));
    }
    Ok(())
}

fn check_options(list: &Value, at: &str, depth: usize) -> Result<(), Wrong> {
    let Some(list) = list.as_array() else { return Ok(()) };
    if list.len() > OPTIONS_MAX {
        return Err((at.into(), format!("Must be {OPTIONS_MAX} or fewer in length.")));
    }
    let nested = |option: &Value| matches!(option["type"].as_u64(), Some(1 | 2));
    if list.iter().any(nested) && !list.iter().all(nested) {
        return Err((
            at.into(),
            "Sub-command and sub-command group option types are mutually exclusive to all other types".into(),
        ));
    }
    let mut optional = false;
    for (n, option) in list.iter().enumerate() {
        let here = format!("{at}.{n}.");
        named(option, &here)?;
        if list[..n].iter().any(|other| other["name"] == option["name"]) {
            return Err((format!("{here}name"), "Option name already used".into()));
        }
        let required = option["required"] == true;
        if required && optional {
            return Err((
                format!("{here}required"),
                "Required options must be placed before non-required options".into(),
            ));
        }
        optional |= !required;
        match option["type"].as_u64() {
            Some(1) if depth <= 1 => check_options(&option["options"], &format!("{here}options"), 2)?,
            Some(2) if depth == 0 => {
                let inner = option["options"].as_array().cloned().unwrap_or_default();
                if inner.is_empty() || inner.iter().any(|sub| sub["type"] != 1) {
                    return Err((format!("{here}options"), "A group holds sub-commands".into()));
                }
                check_options(&option["options"], &format!("{here}options"), 1)?;
            }
            Some(3..=11) => value(option, &here)?,
            _ => return Err((format!("{here}type"), "Value must be one of {1, .., 11}.".into())),
        }
    }
    Ok(())
}

fn value(option: &Value, at: &str) -> Result<(), Wrong> {
    let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
    if choices.len() > OPTIONS_MAX {
        return Err((format!("{at}choices"), "Must be 25 or fewer in length.".into()));
    }
    if option["autocomplete"] == true && !choices.is_empty() {
        return Err((format!("{at}autocomplete"), "Options with choices cannot be autocompleted".into()));
    }
    for choice in choices {
        let fits = |field: &str| choice[field].as_str().is_some_and(|text| (1..=100).contains(&text.chars().count()));
        if !fits("name") || !fits("value") {
            return Err((format!("{at}choices"), "Must be between 1 and 100 in length.".into()));
        }
    }
    Ok(())
}

/// Names, descriptions and values together, as the service counts them.
fn chars(of: &Value) -> usize {
    let own: usize = ["name", "description"].iter().filter_map(|f| of[*f].as_str()).map(|t| t.chars().count()).sum();
    let of_choices = of["choices"].as_array().into_iter().flatten().map(|choice| {
        ["name", "value"].iter().filter_map(|f| choice[*f].as_str()).map(|t| t.chars().count()).sum::<usize>()
    });
    own + of_choices.sum::<usize>() + of["options"].as_array().into_iter().flatten().map(chars).sum::<usize>()
}

/// The command people see under the first word of `path`: a guild's own goes first.
pub(crate) fn find(world: &World, guild: Option<u64>, path: &str, on_message: bool) -> Result<Value, String> {
    let kind = if on_message { 3 } else { 1 };
    let name = if on_message { path } else { path.split(' ').next().unwrap_or_default() };
    let lists = [guild, Some(0)].into_iter().flatten().filter_map(|id| world.commands.get(&id));
    lists
        .flatten()
        .find(|command| command["name"] == name && command["type"].as_u64().unwrap_or(1) == kind)
        .cloned()
        .ok_or_else(|| format!("there is no command {path:?}"))
}

/// The options as the service delivers them: what is required is there, and choices are those offered.
pub(crate) fn options(command: &Value, invoke: &Invoke) -> Result<Value, String> {
    let mut path = invoke.command.split(' ').skip(1);
    let mut at = command;
    let mut wraps = Vec::new();
    while at["options"].as_array().is_some_and(|list| list.iter().any(|o| matches!(o["type"].as_u64(), Some(1 | 2)))) {
        let word = path.next().ok_or("which sub-command?")?;
        let list = at["options"].as_array().ok_or("no options")?;
        at = list.iter().find(|o| o["name"] == word).ok_or_else(|| format!("no sub-command {word:?}"))?;
        wraps.push((at["name"].clone(), at["type"].clone()));
    }
    let known = at["options"].as_array().cloned().unwrap_or_default();
    if let Some(unknown) = invoke.options.keys().find(|name| !known.iter().any(|o| o["name"] == name.as_str())) {
        return Err(format!("no option {unknown:?}"));
    }
    let mut given = Vec::new();
    for option in &known {
        let name = option["name"].as_str().unwrap_or_default();
        let Some(value) = invoke.options.get(name) else {
            if option["required"] == true && invoke.focused.is_empty() {
                return Err(format!("the option {name:?} must be given"));
            }
            continue;
        };
        let choices = option["choices"].as_array().cloned().unwrap_or_default();
        if !choices.is_empty() && !choices.iter().any(|choice| choice["value"] == *value) {
            return Err(format!("{value} is none of the choices"));
        }
        let mut out = json!({ "name": name, "type": option["type"], "value": value });
        if invoke.focused == name {
            if option["autocomplete"] != true {
                return Err(format!("{name:?} has no suggestions"));
            }
            out["focused"] = json!(true);
        }
        given.push(out);
    }
    let mut out = json!(given);
    for (name, kind) in wraps.into_iter().rev() {
        out = json!([{ "name": name, "type": kind, "options": out }]);
    }
    Ok(out)
}
