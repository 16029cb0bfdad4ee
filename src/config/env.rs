//! The environment, with `.env` behind it: `YOMAN_<SECTION>_<KEY>`, and the secrets by their own names.

use std::{collections::BTreeMap, ffi::OsString, fmt, io::IsTerminal, path::Path};

use super::{Config, Problem, bots, problem::did_you_mean, settings, value::Written};

/// Variables that begin with `YOMAN_` and are no settings.
const OTHERS: &[&str] = &["YOMAN_CONFIG"];

/// The variables a process was started with. An empty one counts as not set.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    problems: Vec<Problem>,
    /// Somebody may type on standard input.
    pub stdin_is_terminal: bool,
}

impl fmt::Debug for Environment {
    /// Names only: the values hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// The environment of this process, and `.env` in the current directory for what it does not set.
    pub fn of_process() -> Self {
        let mut environment = Self::new(std::env::vars_os(), Some(Path::new(".env")));
        environment.stdin_is_terminal = std::io::stdin().is_terminal();
        environment
    }

    /// These variables, and the ones in `file` that are not among them.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, file: Option<&Path>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => {
                    environment.variables.insert(name, value);
                }
                (Ok(name), Err(_)) if name.starts_with("YOMAN_") => {
                    environment.problems.push(Problem::new(name, "is not UTF-8"));
                }
                _ => {}
            }
        }
        if let Some(file) = file {
            environment.add_file(file);
        }
        environment
    }

    /// The value of a variable, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// What was wrong with it.
    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The process's own environment is left alone: what stands in the file is not handed on to anything we start.
    fn add_file(&mut self, path: &Path) {
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(error) if error.not_found() => return,
            Err(error) => {
                self.problems.push(Problem::new(path.display(), format!("cannot be read: {error}")));
                return;
            }
        };
        for line in lines {
            match line {
                Ok((name, value)) => {
                    // Set but empty in the real environment still goes before the file: it is how one turns a line off.
                    self.variables.entry(name).or_insert(value);
                }
                // Its message repeats the line, and the line may hold a token.
                Err(dotenvy::Error::LineParse(bad, _)) => {
                    let text = std::fs::read_to_string(path).unwrap_or_default();
                    let number = text.lines().position(|line| line.trim() == bad.trim()).map_or(0, |n| n + 1);
                    let at = format!("{}:{number}", path.display());
                    self.problems
                        .push(Problem::new(at, "is no line of the form NAME=value (quote a value with spaces)"));
                    return;
                }
                Err(_) => {
                    self.problems.push(Problem::new(path.display(), "cannot be read to the end"));
                    return;
                }
            }
        }
    }
}

/// `log.cache_mb` -> `YOMAN_LOG_CACHE_MB`
pub(super) fn variable(key: &str) -> String {
    format!("YOMAN_{}", key.to_uppercase().replace(['.', '-'], "_"))
}

/// Takes over what the environment says.
pub(super) fn apply(config: &mut Config, environment: &Environment, problems: &mut Vec<Problem>) {
    bots::apply_own_variables(config, environment);
    let ours = || {
        let names = environment.variables.keys().filter(|name| name.starts_with("YOMAN_"));
        names.filter_map(|name| environment.get(name).map(|value| (name.as_str(), value)))
    };

    // Bots first that exist only here, so that their other variables are known.
    for (name, platform) in ours() {
        let bot = name.strip_prefix("YOMAN_BOTS_").and_then(|rest| rest.strip_suffix("_PLATFORM"));
        let Some(bot) = bot.map(|bot| bot.to_lowercase().replace('_', "-")) else { continue };
        match bots::check_name(&bot).and_then(|()| bots::of_platform(&bot, platform)) {
            Ok(fresh) => {
                let known = config.bots.entry(bot).or_insert_with(|| fresh.clone());
                if known.platform_word() != fresh.platform_word() {
                    *known = fresh;
                }
            }
            Err(what) => problems.push(Problem::new(name, what)),
        }
    }

    let known: BTreeMap<String, String> = known_variables(config);
    for (name, value) in ours() {
        if OTHERS.contains(&name) || (name.starts_with("YOMAN_BOTS_") && name.ends_with("_PLATFORM")) {
            continue;
        }
        let Some(key) = known.get(name) else {
            let near = did_you_mean(name, known.keys().map(String::as_str).chain(OTHERS.iter().copied()));
            problems.push(Problem::new(name, format!("there is no such setting{near}")));
            continue;
        };
        let at = match settings::find(key) {
            Some(entry) => Some(((entry.at)(config), entry.limits)),
            None => bots::setting(config, key),
        };
        if let Some((at, limits)) = at
            && let Err(what) = at.set(Written::Env(value), limits)
        {
            problems.push(Problem::new(name, what));
        }
    }
}

/// Every variable there is, with the key it stands for.
fn known_variables(config: &Config) -> BTreeMap<String, String> {
    let of_bots = config.bots.iter().flat_map(|(name, bot)| bot.keys().map(move |key| format!("bots.{name}.{key}")));
    let all = settings::TABLE.iter().map(|entry| entry.key.to_owned()).chain(of_bots);
    all.map(|key| (variable(&key), key)).collect()
}
