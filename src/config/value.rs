//! A written value becomes a setting, or it is said what was expected instead.

use std::path::PathBuf;

use chrono_tz::Tz;
use toml::de::DeValue;

use super::{Enabled, Engine, Leads, TracingFormat, problem::did_you_mean};
use crate::{command, domain::Bucket, lang::Lang, nodes::WhenAway};

/// A value as it was written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written<'a> {
    /// In the file.
    Toml(&'a DeValue<'a>),
    /// In the environment, where everything is text.
    Env(&'a str),
}

impl<'a> Written<'a> {
    /// As text, where text is meant.
    fn text(self) -> Result<&'a str, String> {
        match self {
            Self::Env(text) => Ok(text),
            Self::Toml(value) => value.as_str().ok_or_else(|| self.expected("a text in quotes")),
        }
    }

    fn expected(self, what: &str) -> String {
        match self {
            Self::Env(text) => format!("expected {what}, not \"{}\"", text.escape_debug()),
            Self::Toml(DeValue::String(text)) => format!("expected {what}, not the text \"{}\"", text.escape_debug()),
            Self::Toml(DeValue::Integer(number)) => format!("expected {what}, not {number}"),
            Self::Toml(DeValue::Boolean(value)) => format!("expected {what}, not {value}"),
            Self::Toml(other) => format!("expected {what}, not a value of type {}", other.type_str()),
        }
    }
}

/// Something that can be set.
pub(super) trait Setting {
    /// Takes over a written value; `limits` bound numbers.
    fn set(&mut self, written: Written<'_>, limits: (u64, u64)) -> Result<(), String>;
}

impl Setting for u64 {
    fn set(&mut self, written: Written<'_>, (min, max): (u64, u64)) -> Result<(), String> {
        let number = match written {
            Written::Env(text) => text.trim().parse().ok(),
            Written::Toml(DeValue::Integer(number)) => {
                Self::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
            }
            Written::Toml(_) => None,
        };
        match number.filter(|number| (min..=max).contains(number)) {
            Some(number) => *self = number,
            None => return Err(written.expected(&format!("a whole number from {min} to {max}"))),
        }
        Ok(())
    }
}

impl Setting for Leads {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        let leads = command::leads(written.text()?);
        self.0 = leads.ok_or_else(|| written.expected("lengths of time like \"1d 1h\""))?;
        Ok(())
    }
}

impl Setting for bool {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        *self = match written {
            Written::Toml(DeValue::Boolean(value)) => *value,
            Written::Env("true") => true,
            Written::Env("false") => false,
            _ => return Err(written.expected("true or false")),
        };
        Ok(())
    }
}

impl Setting for String {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        written.text()?.clone_into(self);
        Ok(())
    }
}

impl Setting for PathBuf {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        match written.text()? {
            "" => Err("expected a path, not an empty text".to_owned()),
            path => {
                *self = Self::from(path);
                Ok(())
            }
        }
    }
}

/// An empty text is "not set".
impl Setting for Option<PathBuf> {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        *self = Some(written.text()?).filter(|path| !path.is_empty()).map(PathBuf::from);
        Ok(())
    }
}

impl Setting for Option<Tz> {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        let name = written.text()?.trim();
        if name.is_empty() {
            *self = None;
            return Ok(());
        }
        // Names are found in any case: `europe/vienna` is what people type.
        let found = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
        *self = Some(*found.ok_or_else(|| {
            let near = did_you_mean(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            format!("there is no time zone \"{}\"{near}", name.escape_debug())
        })?);
        Ok(())
    }
}

impl Setting for Bucket {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        let word = written.text()?;
        *self = Self::of_word(word).ok_or_else(|| {
            let words = Self::ALL.map(Self::word);
            format!("expected {}, not \"{}\"{}", one_of(&words), word.escape_debug(), did_you_mean(word, words))
        })?;
        Ok(())
    }
}

impl Setting for Lang {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        let code = written.text()?;
        *self = Self::parse(code).ok_or_else(|| written.expected(&one_of(&Self::ALL.map(Self::code))))?;
        Ok(())
    }
}

impl Setting for TracingFormat {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        *self = match written.text()? {
            "human" => Self::Human,
            "json" => Self::Json,
            _ => return Err(written.expected(&one_of(&["human", "json"]))),
        };
        Ok(())
    }
}

impl Setting for Enabled {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        *self = match written {
            Written::Toml(DeValue::Boolean(true)) | Written::Env("true") => Self::Yes,
            Written::Toml(DeValue::Boolean(false)) | Written::Env("false") => Self::No,
            Written::Env("auto") => Self::Auto,
            Written::Toml(value) if value.as_str() == Some("auto") => Self::Auto,
            _ => return Err(written.expected("\"auto\", true or false")),
        };
        Ok(())
    }
}

impl Setting for Engine {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        *self = match written.text()? {
            "sled" => Self::Sled,
            "jetstream" => Self::JetStream,
            _ => return Err(written.expected(&one_of(&["sled", "jetstream"]))),
        };
        Ok(())
    }
}

impl Setting for WhenAway {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        *self = match written.text()? {
            "auto" => Self::Auto,
            "go-on" => Self::GoOn,
            "stop" => Self::Stop,
            _ => return Err(written.expected(&one_of(&["auto", "go-on", "stop"]))),
        };
        Ok(())
    }
}

/// A list of texts; in the environment, and where one prefers it in the file, one text with commas.
impl Setting for Vec<String> {
    fn set(&mut self, written: Written<'_>, _: (u64, u64)) -> Result<(), String> {
        let expected = || written.expected("a list of texts: [\"one\", \"two\"]");
        let parts: Vec<&str> = match written {
            Written::Toml(DeValue::Array(values)) => {
                values.iter().map(|value| value.get_ref().as_str()).collect::<Option<_>>().ok_or_else(expected)?
            }
            Written::Toml(DeValue::String(text)) => text.split(',').collect(),
            Written::Env(text) => text.split(',').collect(),
            Written::Toml(_) => return Err(expected()),
        };
        *self = parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Ok(())
    }
}

/// `"a", "b" or "c"`
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
