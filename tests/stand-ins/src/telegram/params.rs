//! Purpose: the parameters of one call, from whichever of the four encodings the Bot API takes.
//! Source: <https://core.telegram.org/bots/api#making-requests>.

use std::{borrow::Cow, collections::HashMap, convert::Infallible};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A call that failed, as the Bot API words it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) retry_after: Option<u64>,
    pub(crate) migrate_to: Option<i64>,
}

impl Failure {
    pub(crate) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), retry_after: None, migrate_to: None }
    }

    /// 400, with the prefix the real service puts before the reason.
    pub(crate) fn bad(reason: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", reason.as_ref()))
    }

    pub(crate) fn forbidden(reason: impl AsRef<str>) -> Self {
        Self::new(403, format!("Forbidden: {}", reason.as_ref()))
    }

    pub(crate) fn too_many(retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(429, format!("Too Many Requests: retry after {retry_after}"))
        }
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Map::new();
        body.insert("ok".into(), false.into());
        body.insert("error_code".into(), self.code.into());
        body.insert("description".into(), self.description.clone().into());
        let mut parameters = Map::new();
        if let Some(seconds) = self.retry_after {
            parameters.insert("retry_after".into(), seconds.into());
        }
        if let Some(chat) = self.migrate_to {
            parameters.insert("migrate_to_chat_id".into(), chat.into());
        }
        if !parameters.is_empty() {
            body.insert("parameters".into(), parameters.into());
        }
        Value::Object(body).to_string().into_bytes()
    }
}

/// The parameters of one call, and the files that came with it by the name of their part. Outside JSON bodies every value
/// is a string; the accessors take both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(pub(crate) Map<String, Value>, HashMap<String, Bytes>);

impl Params {
    /// Reads the query and the body; where both name a parameter the body wins.
    pub(crate) async fn read(query: Option<&str>, content_type: Option<&str>, body: Bytes) -> Result<Self, Failure> {
        let mut out = Map::new();
        if let Some(query) = query {
            form(&mut out, query.as_bytes());
        }
        if body.is_empty() {
            return Ok(Self(out, HashMap::new()));
        }
        let mut files = HashMap::new();
        let kind = content_type.unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => {
                let parsed: Map<String, Value> = serde_json::from_slice(&body)
                    .map_err(|_| Failure::bad("can't parse request: can't parse JSON object"))?;
                if out.is_empty() {
                    out = parsed;
                } else {
                    out.extend(parsed);
                }
            }
            "multipart/form-data" => multipart(&mut out, &mut files, kind, body).await?,
            "application/x-www-form-urlencoded" => form(&mut out, &body),
            // The real service ignores a body whose type it does not know.
            _ => {}
        }
        Ok(Self(out, files))
    }

    /// A text parameter; numbers are written out.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.0.get(name)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Null => None,
            other => Some(Cow::Owned(other.to_string())),
        }
    }

    /// A file parameter: uploaded under its own name, or under another that it attaches.
    pub(crate) fn file(&self, name: &str) -> Option<&Bytes> {
        let attached = self.0.get(name).and_then(Value::as_str).and_then(|value| value.strip_prefix("attach://"));
        self.1.get(attached.unwrap_or(name))
    }

    /// An integer parameter.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A boolean parameter; absent is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => {
                matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes")
            }
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// A parameter that is an object or a list: nested in a JSON body, or serialised into a string.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str, what: &str) -> Result<Option<T>, Failure> {
        let wrong = |_| Failure::bad(format!("can't parse {what} JSON object"));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(wrong),
            Some(value) => T::deserialize(value).map(Some).map_err(wrong),
        }
    }
}

fn form(out: &mut Map<String, Value>, bytes: &[u8]) {
    for (name, value) in form_urlencoded::parse(bytes) {
        out.insert(name.into_owned(), Value::String(value.into_owned()));
    }
}

async fn multipart(
    out: &mut Map<String, Value>,
    files: &mut HashMap<String, Bytes>,
    content_type: &str,
    body: Bytes,
) -> Result<(), Failure> {
    let broken = |_| Failure::bad("can't parse multipart request");
    let boundary = multer::parse_boundary(content_type).map_err(broken)?;
    let body = http_body_util::Full::new(body);
    let stream = http_body_util::BodyDataStream::new(body);
    let mut parts = multer::Multipart::new(Frames(stream), boundary);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(broken)?;
        let value = match file {
            Some(file) => {
                files.insert(name.clone(), bytes);
                file
            }
            None => String::from_utf8_lossy(&bytes).into_owned(),
        };
        out.insert(name, Value::String(value));
    }
    Ok(())
}

/// `multer` wants its own stream bounds; this only names them.
struct Frames(http_body_util::BodyDataStream<http_body_util::Full<Bytes>>);

impl futures_core::Stream for Frames {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::pin::Pin::new(&mut self.0).poll_next(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_encoding_says_the_same() {
        let json =
            Params::read(None, Some("application/json; charset=utf-8"), r#"{"chat_id":-5,"a":[1],"f":true}"#.into())
                .await;
        let form =
            Params::read(None, Some("application/x-www-form-urlencoded"), "chat_id=-5&a=%5B1%5D&f=true".into()).await;
        let query = Params::read(Some("chat_id=-5&a=[1]&f=True"), None, Bytes::new()).await;
        let multi = "--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n-5\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n[1]\r\n--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\ntrue\r\n--x--\r\n";
        let multi = Params::read(None, Some("multipart/form-data; boundary=x"), multi.into()).await;
        for params in [json, form, query, multi] {
            let params = params.unwrap();
            assert_eq!(params.int("chat_id"), Some(-5));
            assert!(params.flag("f"));
            assert_eq!(params.json::<Vec<i64>>("a", "a").unwrap(), Some(vec![1]));
            assert_eq!(params.int("nothing"), None);
        }
    }

    #[tokio::test]
    async fn a_broken_body_is_refused() {
        let broken = Params::read(None, Some("application/json"), "{".into()).await;
        assert_eq!(broken.unwrap_err().code, 400);
    }
}
