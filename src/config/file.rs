//! The TOML file: every key is known, every problem has a line and a column.

use std::{ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{BotConfig, Config, Problem, bots, problem::did_you_mean, settings, value::Written};

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    /// Each with the byte it is about.
    problems: Vec<(usize, Problem)>,
}

impl Reader<'_> {
    fn problem<T>(&mut self, at: &Spanned<T>, what: impl Into<String>) {
        self.problem_at(at.span(), what);
    }

    fn problem_at(&mut self, span: Range<usize>, what: impl Into<String>) {
        self.problems.push((span.start, Problem::in_text(self.path, self.text, span, what)));
    }

    fn as_table<'t>(&mut self, name: &str, value: &'t Spanned<DeValue<'t>>) -> Option<&'t DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.problem(value, format!("`{name}` is a section: write [{name}] and its settings below"));
        }
        table
    }
}

/// Takes over what the file says.
pub(super) fn apply(config: &mut Config, path: &Path, text: &str, problems: &mut Vec<Problem>) {
    let mut reader = Reader { path, text, problems: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        apply_all(config, document.get_ref(), &mut reader);
    }
    // Without the settings after a syntax error: what was guessed of them would only give problems that are none.
    for error in errors {
        reader.problem_at(error.span().unwrap_or(text.len()..text.len()), error.message());
    }
    // The table is sorted by name; people read from the top.
    reader.problems.sort_by_key(|(at, _)| *at);
    problems.extend(reader.problems.into_iter().map(|(_, problem)| problem));
}

fn apply_all(config: &mut Config, table: &DeTable<'_>, reader: &mut Reader<'_>) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        if let Some(entry) = settings::find(name) {
            if let Err(what) = (entry.at)(config).set(Written::Toml(value.get_ref()), entry.limits) {
                reader.problem(value, format!("{name}: {what}"));
            }
        } else if name == "bots" {
            if let Some(table) = reader.as_table(name, value) {
                apply_bots(config, table, reader);
            }
        } else if settings::sections().any(|section| section == name) {
            if let Some(table) = reader.as_table(name, value) {
                apply_section(config, name, table, reader);
            }
        } else {
            let near = did_you_mean(name, settings::sections().chain(settings::keys_of("")));
            reader.problem(key, format!("there is no section or setting `{name}`{near}"));
        }
    }
}

fn apply_section(config: &mut Config, section: &str, table: &DeTable<'_>, reader: &mut Reader<'_>) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        match settings::find(&format!("{section}.{name}")) {
            Some(entry) => {
                if let Err(what) = (entry.at)(config).set(Written::Toml(value.get_ref()), entry.limits) {
                    reader.problem(value, format!("{name}: {what}"));
                }
            }
            None => {
                let near = did_you_mean(name, settings::keys_of(section));
                reader.problem(key, format!("there is no setting `{name}` in [{section}]{near}"));
            }
        }
    }
}

fn apply_bots(config: &mut Config, table: &DeTable<'_>, reader: &mut Reader<'_>) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        if let Err(what) = bots::check_name(name) {
            reader.problem(key, what);
            continue;
        }
        let Some(settings) = reader.as_table(&format!("bots.{name}"), value) else { continue };

        // The platform first: it says which other settings there are.
        let platform = settings.iter().find(|(key, _)| key.get_ref() == "platform");
        let bot = match platform {
            Some((_, value)) => match bots::of_platform(name, value.get_ref().as_str().unwrap_or_default()) {
                Ok(bot) => bot,
                Err(what) => {
                    reader.problem(value, what);
                    continue;
                }
            },
            None => match config.bots.remove(name) {
                Some(bot) => bot,
                None => {
                    reader.problem(key, format!("[bots.{name}] needs a platform: platform = {}", bots::platforms()));
                    continue;
                }
            },
        };
        let bot = apply_bot(bot, name, settings, reader);
        config.bots.insert(name.to_owned(), bot);
    }
}

fn apply_bot(mut bot: BotConfig, name: &str, settings: &DeTable<'_>, reader: &mut Reader<'_>) -> BotConfig {
    for (key, value) in settings.iter().filter(|(key, _)| key.get_ref() != "platform") {
        let setting: &str = key.get_ref();
        match bot.setting(setting) {
            Some((at, limits)) => {
                if let Err(what) = at.set(Written::Toml(value.get_ref()), limits) {
                    reader.problem(value, format!("{setting}: {what}"));
                }
            }
            None => {
                let what = if matches!(setting, "token" | "secret" | "webhook_secret") {
                    format!(
                        "`{setting}` does not belong in this file: put it into the environment or a file of its own (token_env, token_file)"
                    )
                } else {
                    let near = did_you_mean(setting, bot.keys());
                    format!("there is no setting `{setting}` in [bots.{name}]{near}")
                };
                reader.problem(key, what);
            }
        }
    }
    bot
}
