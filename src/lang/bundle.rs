//! The files as Fluent bundles, one for each language, read when the language is first spoken; from a key to characters.

use std::sync::OnceLock;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::{Lang, josa, rooms};

type Bundle = FluentBundle<FluentResource>;

fn bundle(lang: Lang) -> &'static Bundle {
    static ENGLISH: OnceLock<Bundle> = OnceLock::new();
    static KOREAN: OnceLock<Bundle> = OnceLock::new();
    let cell = match lang {
        Lang::English => &ENGLISH,
        Lang::Korean => &KOREAN,
    };
    cell.get_or_init(|| read(lang))
}

/// What cannot be read in a file is left out: the tests see to it that there is no such thing.
fn read(lang: Lang) -> Bundle {
    let mut bundle = Bundle::new_concurrent(lang.code().parse().into_iter().collect());
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => whole(number.value),
        _ => None,
    }));
    // The only error is a second function of the same name.
    let _ = bundle.add_function("JOSA", josa::function);
    for (_, words) in rooms::of(lang) {
        let resource = FluentResource::try_new((*words).to_owned()).unwrap_or_else(|(readable, _)| readable);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The words of a key with what goes into them; in English when it is missing, else the key.
pub(super) fn characters<'a>(
    lang: Lang,
    key: &str,
    values: &mut dyn Iterator<Item = (&'a str, FluentValue<'a>)>,
) -> String {
    let mut args = FluentArgs::new();
    for (name, value) in values {
        args.set(name, value);
    }
    let said = formatted(bundle(lang), key, &args);
    said.or_else(|| formatted(bundle(Lang::English), key, &args)).unwrap_or_else(|| key.to_owned())
}

fn formatted(bundle: &Bundle, key: &str, args: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    // What is wrong with a text is shown in its place, as Fluent does: half a sentence says more than none.
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, Some(args), &mut errors).into_owned())
}

/// A number in groups of three: `4,812`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers this side of 2^53 are taken")]
fn whole(number: f64) -> Option<String> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 || number.abs() > EXACT_MAX {
        return None;
    }
    let sign = if number < 0.0 { "-" } else { "" };
    Some(format!("{sign}{}", grouped((number as i64).unsigned_abs())))
}
