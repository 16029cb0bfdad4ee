//! Purpose: JSON, form and query into parameters. Only some methods read JSON, as with the real service.

use serde_json::{Map, Value};

/// The methods that take a JSON body; the others read forms and queries only.
const JSON_METHODS: &[&str] = &[
    "api.test",
    "apps.connections.open",
    "auth.test",
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.unfurl",
    "chat.update",
    "pins.add",
    "pins.remove",
    "conversations.open",
    "files.completeUploadExternal",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
];

/// Why a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: String,
    /// Further fields of the answer.
    pub(crate) more: Map<String, Value>,
    pub(crate) retry_after: Option<u64>,
}

impl Failure {
    pub(crate) fn new(error: &str) -> Self {
        Self { error: error.into(), more: Map::new(), retry_after: None }
    }

    /// With what the service says beside it.
    pub(crate) fn because(error: &str, messages: &[String]) -> Self {
        let mut wrong = Self::new(error);
        let messages: Vec<Value> = messages.iter().map(|m| Value::from(format!("[ERROR] {m}"))).collect();
        wrong.more.insert("response_metadata".into(), serde_json::json!({ "messages": messages }));
        wrong
    }
}

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(pub(crate) Map<String, Value>);

impl Params {
    pub(crate) fn read(
        method: &str,
        query: Option<&str>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Self, Failure> {
        let mut out = Map::new();
        if let Some(query) = query {
            form(query.as_bytes(), &mut out);
        }
        let kind = content_type.and_then(|t| t.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            _ if body.is_empty() => {}
            "application/json" if JSON_METHODS.contains(&method) => match serde_json::from_slice(body) {
                Ok(Value::Object(fields)) => out.extend(fields),
                Ok(_) => return Err(Failure::new("json_not_object")),
                Err(_) => return Err(Failure::new("invalid_json")),
            },
            // A method that reads no JSON does not see the arguments at all.
            "application/json" => {}
            "application/x-www-form-urlencoded" => form(body, &mut out),
            _ => return Err(Failure::new("invalid_post_type")),
        }
        Ok(Self(out))
    }

    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(crate) fn need(&self, name: &str) -> Result<&str, Failure> {
        self.str(name)
            .ok_or_else(|| Failure::because("invalid_arguments", &[format!("missing required field: {name}")]))
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            _ => false,
        }
    }

    /// Something structured, which in a form is JSON as text.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, Failure> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| Failure::new("invalid_json")),
            Some(other) => Ok(Some(other.clone())),
        }
    }
}

fn form(body: &[u8], into: &mut Map<String, Value>) {
    for (name, value) in form_urlencoded::parse(body) {
        into.insert(name.into_owned(), Value::String(value.into_owned()));
    }
}
