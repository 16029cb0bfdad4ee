//! Purpose: what a message may hold, and the words with which the service refuses it.
//! Source: <https://discord.com/developers/docs/resources/message>.

use serde_json::{Value, json};

/// A request that is refused.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Fault {
    /// 400 with a code.
    pub(crate) fn coded(code: u32, message: &str) -> Self {
        Self::status(400, code, message)
    }

    pub(crate) fn status(status: u16, code: u32, message: &str) -> Self {
        Self { status, body: json!({ "message": message, "code": code }) }
    }

    /// 50035, pointing at a field such as `embeds.0.description`.
    pub(crate) fn form(at: &str, code: &str, message: &str) -> Self {
        let mut errors = json!({ "_errors": [{ "code": code, "message": message }] });
        for part in at.split('.').rev() {
            errors = json!({ part: errors });
        }
        Self { status: 400, body: json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors }) }
    }
}

/// Lengths count characters.
fn length(value: &Value, at: &str, min: usize, max: usize) -> Result<usize, Fault> {
    let count = match value {
        Value::Null => 0,
        Value::String(text) => text.chars().count(),
        _ => return Err(Fault::form(at, "STRING_TYPE_CONVERT", "Could not interpret as string.")),
    };
    if count > max {
        let why = format!("Must be {max} or fewer in length.");
        return Err(Fault::form(at, "BASE_TYPE_MAX_LENGTH", &why));
    }
    if count < min {
        return Err(Fault::form(at, "BASE_TYPE_BAD_LENGTH", &format!("Must be between {min} and {max} in length.")));
    }
    Ok(count)
}

/// Checks the fields a new message and a change share.
pub(crate) fn check(body: &Value) -> Result<(), Fault> {
    if !body.is_object() {
        return Err(Fault::coded(50109, "The request body contains invalid JSON."));
    }
    length(&body["content"], "content", 0, 2_000)?;
    embeds(&body["embeds"])?;
    components(&body["components"])?;
    mentions(&body["allowed_mentions"])
}

fn embeds(list: &Value) -> Result<(), Fault> {
    let Some(list) = list.as_array() else { return Ok(()) };
    if list.len() > 10 {
        return Err(Fault::form("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."));
    }
    let mut total = 0;
    for (n, embed) in list.iter().enumerate() {
        let at = |field: &str| format!("embeds.{n}.{field}");
        total += length(&embed["title"], &at("title"), 0, 256)?;
        total += length(&embed["description"], &at("description"), 0, 4_096)?;
        total += length(&embed["footer"]["text"], &at("footer.text"), 0, 2_048)?;
        total += length(&embed["author"]["name"], &at("author.name"), 0, 256)?;
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        if fields.len() > 25 {
            return Err(Fault::form(&at("fields"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."));
        }
        for field in fields {
            total += length(&field["name"], &at("fields.name"), 1, 256)?;
            total += length(&field["value"], &at("fields.value"), 1, 1_024)?;
        }
        if embed["color"].as_u64().is_some_and(|color| color > 0xff_ffff) {
            return Err(Fault::form(
                &at("color"),
                "NUMBER_TYPE_MAX",
                "int value should be less than or equal to 16777215.",
            ));
        }
    }
    if total > 6_000 {
        let why = "Embed size exceeds maximum size of 6000";
        return Err(Fault::form("embeds", "MAX_EMBED_SIZE_EXCEEDED", why));
    }
    Ok(())
}

fn components(rows: &Value) -> Result<(), Fault> {
    let Some(rows) = rows.as_array() else { return Ok(()) };
    if rows.len() > 5 {
        return Err(Fault::form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."));
    }
    let mut ids = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let inner = row["components"].as_array().cloned().unwrap_or_default();
        if row["type"] != 1 || inner.is_empty() || inner.len() > 5 {
            let at = format!("components.{n}.components");
            return Err(Fault::form(&at, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."));
        }
        if inner.len() > 1 && inner.iter().any(|component| component["type"] != 2) {
            let why = "A select menu stands alone in its row";
            return Err(Fault::form(&format!("components.{n}"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", why));
        }
        for (m, component) in inner.iter().enumerate() {
            let at = |field: &str| format!("components.{n}.components.{m}.{field}");
            match component["type"].as_u64() {
                Some(2) => button(component, &at)?,
                Some(3) => menu(component, &at)?,
                _ => {
                    return Err(Fault::form(
                        &at("type"),
                        "UNION_TYPE_CHOICES",
                        "Value of field \"type\" must be one of (2, 3, ..).",
                    ));
                }
            }
            if let Some(id) = component["custom_id"].as_str() {
                if ids.contains(&id.to_owned()) {
                    let why = "Component custom id cannot be duplicated";
                    return Err(Fault::form(&at("custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", why));
                }
                ids.push(id.to_owned());
            }
        }
    }
    Ok(())
}

fn button(button: &Value, at: &impl Fn(&str) -> String) -> Result<(), Fault> {
    let style = button["style"].as_u64().unwrap_or(0);
    if !(1..=6).contains(&style) {
        return Err(Fault::form(&at("style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}."));
    }
    length(&button["label"], &at("label"), usize::from(button["emoji"].is_null()), 80)?;
    if style == 5 {
        return length(&button["url"], &at("url"), 1, 512).map(drop);
    }
    length(&button["custom_id"], &at("custom_id"), 1, 100).map(drop)
}

fn menu(menu: &Value, at: &impl Fn(&str) -> String) -> Result<(), Fault> {
    length(&menu["custom_id"], &at("custom_id"), 1, 100)?;
    length(&menu["placeholder"], &at("placeholder"), 0, 150)?;
    let options = menu["options"].as_array().cloned().unwrap_or_default();
    if !(1..=25).contains(&options.len()) {
        return Err(Fault::form(&at("options"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length."));
    }
    for (n, option) in options.iter().enumerate() {
        length(&option["label"], &at("options.label"), 1, 100)?;
        length(&option["value"], &at("options.value"), 1, 100)?;
        length(&option["description"], &at("options.description"), 0, 100)?;
        if options[..n].iter().any(|other| other["value"] == option["value"]) {
            let why = "The specified option value is already used";
            return Err(Fault::form(&at("options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", why));
        }
    }
    Ok(())
}

fn mentions(allowed: &Value) -> Result<(), Fault> {
    let named = |kind: &str| allowed["parse"].as_array().is_some_and(|all| all.iter().any(|it| it == kind));
    let listed = |kind: &str| allowed[kind].as_array().is_some_and(|all| !all.is_empty());
    for kind in ["users", "roles"] {
        if named(kind) && listed(kind) {
            let why = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            return Err(Fault::form("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", &why));
        }
    }
    Ok(())
}

/// Whom a text calls, given what is allowed; everybody named when nothing is said.
pub(crate) fn pings(body: &Value) -> Vec<String> {
    let named = super::markdown::read(body["content"].as_str().unwrap_or_default()).mentions;
    let allowed = &body["allowed_mentions"];
    let may = |mention: &String| {
        if allowed.is_null() {
            return true;
        }
        let (kind, id) = match mention.split_once(':') {
            Some(("user", id)) => ("users", id),
            Some((_, id)) => ("roles", id),
            None => ("everyone", ""),
        };
        let parsed = allowed["parse"].as_array().is_some_and(|all| all.iter().any(|it| it == kind));
        parsed || allowed[kind].as_array().is_some_and(|all| all.iter().any(|it| it == id))
    };
    named.into_iter().filter(may).collect()
}

/// Checks a form (modal).
pub(crate) fn modal(data: &Value) -> Result<(), Fault> {
    length(&data["custom_id"], "data.custom_id", 1, 100)?;
    length(&data["title"], "data.title", 1, 45)?;
    let rows = data["components"].as_array().cloned().unwrap_or_default();
    if !(1..=5).contains(&rows.len()) {
        return Err(Fault::form("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."));
    }
    for (n, row) in rows.iter().enumerate() {
        let field = &row["components"][0];
        let at = |name: &str| format!("data.components.{n}.components.0.{name}");
        if row["type"] != 1 || field["type"] != 4 || !matches!(field["style"].as_u64(), Some(1 | 2)) {
            return Err(Fault::form(&at("type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (4,)."));
        }
        length(&field["custom_id"], &at("custom_id"), 1, 100)?;
        length(&field["label"], &at("label"), 1, 45)?;
        length(&field["placeholder"], &at("placeholder"), 0, 100)?;
        if field["max_length"].as_u64().is_some_and(|max| !(1..=4_000).contains(&max)) {
            return Err(Fault::form(&at("max_length"), "NUMBER_TYPE_MAX", "int value should be between 1 and 4000."));
        }
    }
    Ok(())
}

/// Checks suggestions.
pub(crate) fn choices(data: &Value) -> Result<(), Fault> {
    let list = data["choices"]
        .as_array()
        .ok_or_else(|| Fault::form("data.choices", "BASE_TYPE_REQUIRED", "This field is required"))?;
    if list.len() > 25 {
        return Err(Fault::form("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."));
    }
    for (n, choice) in list.iter().enumerate() {
        length(&choice["name"], &format!("data.choices.{n}.name"), 1, 100)?;
        length(&choice["value"], &format!("data.choices.{n}.value"), 1, 100)?;
    }
    Ok(())
}
