//! Texts inside a payload, exchanged in place: every byte beside them stays as it is, so that what is opened again is what
//! was sealed, to the byte.

use std::{borrow::Cow, fmt, ops::Range};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object in their order, unread.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(4);
                while let Some(member) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((member.0.0, member.1));
                }
                Ok(Members(members))
            }
        }

        /// Borrowed when it can be.
        #[derive(serde::Deserialize)]
        #[serde(transparent)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

        deserializer.deserialize_map(InOrder)
    }
}

/// A text in a payload.
struct Found<'a> {
    /// Which path led there, with the numbers of the elements it went through.
    path: Cow<'static, str>,
    /// Where its literal stands, quotes included.
    at: Range<usize>,
    text: Cow<'a, str>,
}

/// Finds the texts at `paths`; what is no text is passed over, as is what is not there.
///
/// A path names members (`title`, `attachment.name`), elements of a list by number, and with `*` all elements of one
/// (`criteria.back.*.1`).
fn find<'a>(data: &'a str, paths: &[&'static str], mut found: impl FnMut(Found<'a>)) {
    let Ok(Members(members)) = serde_json::from_str(data) else { return };
    for (name, value) in members {
        for &path in paths {
            let Some(rest) = path.strip_prefix(&*name) else { continue };
            if rest.is_empty() {
                take(data, Cow::Borrowed(path), value, &mut found);
            } else if let Some(rest) = rest.strip_prefix('.') {
                step(data, Cow::Borrowed(path), path.len() - rest.len(), value, &mut found);
            }
        }
    }
}

/// Goes on along `path` from its byte `from`. As deep as the path is long, whatever stands in the payload.
fn step<'a>(
    data: &'a str,
    path: Cow<'static, str>,
    from: usize,
    value: &'a RawValue,
    found: &mut impl FnMut(Found<'a>),
) {
    let Some(rest) = path.get(from..) else { return };
    let name = rest.split('.').next().unwrap_or_default();
    let next = from + name.len() + 1;
    let is_last = next > path.len();
    if name == "*" {
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(value.get()) else { return };
        for (n, element) in elements.into_iter().enumerate() {
            let number = n.to_string();
            let path = format!("{}{number}{}", &path[..from], &path[from + 1..]);
            match is_last {
                true => take(data, Cow::Owned(path), element, found),
                false => step(data, Cow::Owned(path), from + number.len() + 1, element, found),
            }
        }
        return;
    }
    let inner: Vec<&RawValue> = if let Ok(number) = name.parse::<usize>() {
        let elements = serde_json::from_str::<Vec<&RawValue>>(value.get());
        elements.ok().and_then(|elements| elements.get(number).copied()).into_iter().collect()
    } else {
        let Ok(Members(members)) = serde_json::from_str(value.get()) else { return };
        members.into_iter().filter(|(member, _)| member == name).map(|(_, value)| value).collect()
    };
    for value in inner {
        match is_last {
            true => take(data, path.clone(), value, found),
            false => step(data, path.clone(), next, value, found),
        }
    }
}

fn take<'a>(data: &'a str, path: Cow<'static, str>, value: &'a RawValue, found: &mut impl FnMut(Found<'a>)) {
    let literal = value.get();
    let Some(inside) = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return };
    let text = if inside.contains('\\') {
        match serde_json::from_str::<String>(literal) {
            Ok(text) => Cow::Owned(text),
            Err(_) => return,
        }
    } else {
        Cow::Borrowed(inside)
    };
    // `value` borrows from `data`, so the difference of their addresses is where it stands.
    let start = literal.as_ptr() as usize - data.as_ptr() as usize;
    found(Found { path, at: start..start + literal.len(), text });
}

/// The texts at `paths` that are not empty, each with where it stands.
pub(super) fn texts<'a>(data: &'a RawValue, paths: &[&'static str]) -> Vec<(Cow<'static, str>, Cow<'a, str>)> {
    let mut texts = Vec::new();
    if !paths.is_empty() {
        find(data.get(), paths, |found| {
            if !found.text.is_empty() {
                texts.push((found.path, found.text));
            }
        });
    }
    texts
}

/// The payload with the texts at `paths` exchanged for what `other` gives; `None`: it gave nothing else.
pub(super) fn exchange(
    data: &RawValue,
    paths: &[&'static str],
    mut other: impl FnMut(&str, &str) -> Option<String>,
) -> Option<Box<RawValue>> {
    let before = data.get();
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    if paths.is_empty() {
        return None;
    }
    find(before, paths, |found| {
        if let Some(text) = other(&found.path, &found.text)
            && let Ok(literal) = serde_json::to_string(&text)
        {
            changes.push((found.at, literal));
        }
    });
    if changes.is_empty() {
        return None;
    }
    changes.sort_by_key(|(at, _)| at.start);
    let mut after =
        String::with_capacity(before.len() + changes.iter().map(|(_, literal)| literal.len()).sum::<usize>());
    let mut from = 0;
    for (at, literal) in changes {
        after.push_str(&before[from..at.start]);
        after.push_str(&literal);
        from = at.end;
    }
    after.push_str(&before[from..]);
    RawValue::from_string(after).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    fn shouted(json: &str, paths: &[&'static str]) -> Option<String> {
        exchange(&raw(json), paths, |_, text| Some(text.to_uppercase())).map(|data| data.get().to_owned())
    }

    #[test]
    fn only_the_texts_change() {
        let json = r#"{ "title" :"a\"b\u00e9",  "n":1.50,"body":"x","to":{"url" : "u","k":[1, 2]},"other":"title" }"#;
        let after = r#"{ "title" :"A\"BÉ",  "n":1.50,"body":"X","to":{"url" : "U","k":[1, 2]},"other":"title" }"#;
        assert_eq!(shouted(json, &["body", "title", "to.url"]).as_deref(), Some(after));
        assert_eq!(shouted(json, &["nothing", "n", "to", "to.k"]), None);
    }

    #[test]
    fn what_is_no_object_or_no_text_is_left_alone() {
        for json in ["null", "[\"title\"]", "\"title\"", "{}", "{\"title\":null}", "{\"title\":{\"title\":\"x\"}}"] {
            assert_eq!(shouted(json, &["title"]), None, "{json}");
        }
        assert_eq!(texts(&raw(r#"{"title":"","body":"b"}"#), &["title", "body"]), [("body".into(), "b".into())]);
    }

    #[test]
    fn lists_are_gone_through() {
        let json = r#"{"after":{"criteria":{"back":[[0,"a"],[2, "b"]]},"links":{"back":[[0,["for",{"item":"T7"}]],[1,["for",{"url":"u"}]]]},"text":"nothing"}}"#;
        let paths = ["after.criteria.back.*.1", "after.links.back.*.1.1.url", "after.text.is"];
        let after = json.replace("\"a\"", "\"A\"").replace("\"b\"", "\"B\"").replace("\"u\"", "\"U\"");
        assert_eq!(shouted(json, &paths), Some(after));
        let data = raw(json);
        let found = texts(&data, &paths).into_iter().map(|(path, text)| format!("{path}={text}"));
        let expected = ["after.criteria.back.0.1=a", "after.criteria.back.1.1=b", "after.links.back.1.1.1.url=u"];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        for json in
            [r#"{"after":null}"#, r#"{"after":{"criteria":[]}}"#, r#"{"after":{"criteria":{"back":{"0":"x"}}}}"#]
        {
            assert_eq!(shouted(json, &paths), None, "{json}");
        }
    }
}
