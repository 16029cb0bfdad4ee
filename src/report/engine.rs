//! A script in its closed room: compiled, called, stopped. It has no files, no clock, no network, no other script.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use chrono_tz::Tz;
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, ImmutableString, ParseError, Position, Scope};

use super::{
    Limits, Place, ReportError, clock,
    event::{self, Event, People},
    guard::{Guard, Why},
};

/// Functions that call functions.
const CALLS_DEEP_MAX: usize = 32;
/// Expressions in expressions; the second: in a function.
const EXPRESSIONS_DEEP_MAX: (usize, usize) = (64, 32);
/// Functions in a script.
const FUNCTIONS_MAX: usize = 200;
/// Variables in sight at a time.
const VARIABLES_MAX: usize = 256;
/// What `print` said that is kept: lines, and characters of each.
const PRINTED_MAX: (usize, usize) = (20, 200);

/// A script that can be run.
pub struct Script {
    engine: Engine,
    ast: AST,
    /// What stands outside the functions.
    scope: Scope<'static>,
    /// `init` takes the words behind the name.
    takes_words: bool,
    guard: Arc<Guard>,
    printed: Arc<Mutex<Vec<String>>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

/// An engine that can do nothing but reckon.
fn engine(limits: &Limits, guard: &Arc<Guard>, printed: &Arc<Mutex<Vec<String>>>) -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_operations(limits.steps_per_event)
        .set_max_call_levels(CALLS_DEEP_MAX)
        .set_max_expr_depths(EXPRESSIONS_DEEP_MAX.0, EXPRESSIONS_DEEP_MAX.1)
        .set_max_functions(FUNCTIONS_MAX)
        .set_max_variables(VARIABLES_MAX)
        .set_max_string_size(limits.text_bytes)
        .set_max_array_size(limits.places)
        .set_max_map_size(limits.places)
        .disable_symbol("eval");
    let at_each_step = Arc::clone(guard);
    engine.on_progress(move |steps| at_each_step.step(steps).map(|_| Dynamic::UNIT));
    let said = Arc::clone(printed);
    let keep = move |text: &str| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < PRINTED_MAX.0 {
            said.push(text.chars().take(PRINTED_MAX.1).collect());
        }
    };
    let also = keep.clone();
    engine.on_print(keep);
    engine.on_debug(move |text, _, _| also(text));
    engine
}

impl Script {
    /// Reads a script; nothing but what stands outside of its functions is run.
    pub(super) fn compile(
        source: &str,
        zone: Tz,
        people: &People,
        limits: &Limits,
        guard: &Arc<Guard>,
    ) -> Result<Self, ReportError> {
        let printed = Arc::default();
        let mut engine = engine(limits, guard, &printed);
        clock::register(&mut engine, zone);
        event::register(&mut engine, people);
        let ast = engine.compile(source).map_err(|error| unreadable(&error, source))?;
        let has = |name: &str, takes: usize| ast.iter_functions().any(|it| it.name == name && it.params.len() == takes);
        let takes_words = has("init", 1);
        for (name, there) in [
            ("init()", takes_words || has("init", 0)),
            ("apply(state, event)", has("apply", 2)),
            ("show(state)", has("show", 1)),
        ] {
            if !there {
                return Err(ReportError::Missing(name));
            }
        }
        let mut scope = Scope::new();
        let outside = engine.run_ast_with_scope(&mut scope, &ast);
        guard.called();
        let script = Self { engine, ast, scope, takes_words, guard: Arc::clone(guard), printed };
        outside.map_err(|error| script.failed("the script", &error))?;
        Ok(script)
    }

    /// The state to begin with.
    pub(super) fn init(&mut self, words: &[String]) -> Result<Dynamic, ReportError> {
        let words: Dynamic = words.iter().map(ImmutableString::from).map(Dynamic::from).collect::<Vec<_>>().into();
        let state = if self.takes_words { self.call("init", (words,)) } else { self.call("init", ()) };
        // Shared: `apply` gets it as it stands, not a copy that grows with the history.
        state.map(Dynamic::into_shared).map_err(|error| self.failed("init", &error))
    }

    /// One event further. `apply` changes the state it is given, or returns the new one.
    pub(super) fn apply(&mut self, state: &mut Dynamic, event: Event) -> Result<(), ReportError> {
        let seen = event.clone();
        let with_event = |error| match error {
            ReportError::Failed { function, place, what, event: _ } => {
                ReportError::Failed { function, place, what, event: Some(Box::new(seen.seen())) }
            }
            other => other,
        };
        let returned = self.call("apply", (state.clone(), event));
        let returned = returned.map_err(|error| with_event(self.failed("apply", &error)))?;
        if returned.is_unit() || returned.is_shared() {
            return Ok(());
        }
        let (had, got) = (kind_of(state), kind_of(&returned));
        if had != got && had != "()" {
            let what = format!(
                "it returns a {got} where the state is a {had}: end with `state`, or with `;` when the state was changed in place"
            );
            return Err(with_event(ReportError::Failed { function: "apply", place: None, what, event: None }));
        }
        self.guard.copied();
        *state = returned.into_shared();
        Ok(())
    }

    /// What there is to show.
    pub(super) fn show(&mut self, state: Dynamic) -> Result<Dynamic, ReportError> {
        // A copy of its own: what it does to it is nobody's concern.
        self.call("show", (state.flatten(),)).map(Dynamic::flatten).map_err(|error| self.failed("show", &error))
    }

    /// What it printed.
    pub(super) fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn call(&mut self, name: &str, with: impl rhai::FuncArgs) -> Result<Dynamic, Box<EvalAltResult>> {
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(true);
        let result = self.engine.call_fn_with_options(options, &mut self.scope, &self.ast, name, with);
        self.guard.called();
        result
    }

    fn failed(&self, function: &'static str, error: &EvalAltResult) -> ReportError {
        let inner = error.unwrap_inner();
        let place = place(inner.position()).or_else(|| place(error.position()));
        let what = match (inner, self.guard.why()) {
            (EvalAltResult::ErrorTerminated(..), why) => return stopped(function, why.unwrap_or(Why::Time)),
            (EvalAltResult::ErrorTooManyOperations(_), _) => {
                format!(
                    "it takes more than {} steps for one event: is there a loop without an end?",
                    self.engine.max_operations()
                )
            }
            (EvalAltResult::ErrorStackOverflow(_), _) => {
                format!(
                    "its functions call each other more than {CALLS_DEEP_MAX} deep: does one call itself without an end?"
                )
            }
            (EvalAltResult::ErrorDataTooLarge(what, _), _) => format!("a value grows too large: {}", lower(what)),
            (inner, _) => what_of(inner),
        };
        ReportError::Failed { function, place, what, event: None }
    }
}

/// What a script that was stopped is told; when its time was over, whoever knows how far it was completes that.
pub(super) fn stopped(function: &'static str, why: Why) -> ReportError {
    use crate::log::Position;
    let what = match why {
        Why::Asked => return ReportError::Stopped,
        Why::Time => {
            let (position, head) = (Position::START, Position::START);
            return ReportError::TooSlow { after: std::time::Duration::ZERO, position, head, copies: false };
        }
        Why::Memory => "it needs too much memory",
        Why::Steps => "it takes too many steps in all",
    };
    ReportError::Failed { function, place: None, what: what.to_owned(), event: None }
}

/// The name of a value's type; a shared value's is that of what is shared.
fn kind_of(value: &Dynamic) -> &'static str {
    if value.is_map() {
        "map"
    } else if value.is_array() {
        "array"
    } else if value.is_string() {
        "text"
    } else if value.is_int() || value.is_float() {
        "number"
    } else if value.is_bool() {
        "yes or no"
    } else if value.is_unit() {
        "()"
    } else {
        "value"
    }
}

/// What is wrong, without the place that stands before it already.
fn what_of(error: &EvalAltResult) -> String {
    match error {
        // `throw "words"`
        EvalAltResult::ErrorRuntime(value, _) => value.to_string(),
        EvalAltResult::ErrorSystem(_, error) => error.to_string(),
        EvalAltResult::ErrorFunctionNotFound(name, _) => format!("there is no function  {name}"),
        EvalAltResult::ErrorVariableNotFound(name, _) => format!("there is no variable  {name}"),
        other => {
            let text = other.to_string();
            lower(text.rsplit_once(" (line ").map_or(text.as_str(), |(text, _)| text))
        }
    }
}

fn unreadable(error: &ParseError, source: &str) -> ReportError {
    let mut what = lower(&error.err_type().to_string());
    if source.contains(['“', '”', '„', '‘', '’']) {
        what.push_str(
            " (your keyboard made curly quotes “ ” of straight ones \": send it as code, or switch that off)",
        );
    }
    ReportError::Unreadable { place: place(error.position()), what }
}

fn place(position: Position) -> Option<Place> {
    position.line().map(|line| Place { line, column: position.position().unwrap_or(0) })
}

/// Errors begin in lower case.
fn lower(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}
