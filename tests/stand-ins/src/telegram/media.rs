//! Purpose: pictures and files, refused for the reasons and in the words of the real service.
//! Source: <https://core.telegram.org/bots/api#sendphoto>, <https://core.telegram.org/bots/api#senddocument>,
//! <https://core.telegram.org/bots/api#editmessagecaption>.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    markup,
    messages::{self, Content},
    params::{Failure, Params},
    text,
    world::World,
};

/// The most a picture may weigh, in bytes.
const PHOTO_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The most its sides may come to together, in pixels.
const PHOTO_SIDES_MAX: u32 = 10_000;
/// The most one side may be longer than the other.
const PHOTO_RATIO_MAX: u32 = 20;
/// The most a file may weigh, in bytes.
const DOCUMENT_BYTES_MAX: usize = 50 * 1024 * 1024;

/// What stands under a picture or a file.
fn caption(params: &Params) -> Result<Content, Failure> {
    let raw = params.text("caption").unwrap_or_default();
    match params.text("parse_mode").filter(|mode| !mode.is_empty() && !raw.is_empty()) {
        Some(mode) => {
            let (plain, entities) = markup::parse(&raw, &mode)?;
            text::caption(&plain, entities)
        }
        None => text::caption(&raw, params.json("caption_entities", "caption entities")?.unwrap_or_default()),
    }
}

/// The uploaded file of a call. (Files that are known already, or on the web, are not known here.)
fn upload<'p>(params: &'p Params, name: &str) -> Result<&'p Bytes, Failure> {
    if let Some(file) = params.file(name) {
        return if file.is_empty() { Err(Failure::bad("file must be non-empty")) } else { Ok(file) };
    }
    Err(match params.text(name).filter(|text| !text.is_empty()) {
        Some(_) => Failure::bad("wrong file identifier/HTTP URL specified"),
        None => Failure::bad(format!("there is no {name} in the request")),
    })
}

/// Width and height of a PNG or a JPEG.
fn sides(file: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize, bytes: usize| {
        file.get(at..at + bytes).map(|part| part.iter().fold(0, |all, byte| (all << 8) | u32::from(*byte)))
    };
    if file.starts_with(b"\x89PNG\r\n\x1a\n") && file.get(12..16) == Some(b"IHDR") {
        return Some((number(16, 4)?, number(20, 4)?));
    }
    if !file.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    let mut at = 2;
    loop {
        let marker = number(at, 2)?;
        // The frame headers: <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>, table B.1.
        if matches!(marker, 0xffc0..=0xffc3 | 0xffc5..=0xffc7 | 0xffc9..=0xffcb | 0xffcd..=0xffcf) {
            return Some((number(at + 7, 2)?, number(at + 5, 2)?));
        }
        at += 2 + usize::try_from(number(at + 2, 2)?).ok()?;
    }
}

pub(crate) fn send_photo(world: &mut World, params: &Params) -> Result<Value, Failure> {
    messages::room(world, params)?;
    let file = upload(params, "photo")?;
    if file.len() > PHOTO_BYTES_MAX {
        return Err(Failure::bad(format!("file is too big for a photo; the maximum size is {PHOTO_BYTES_MAX} bytes")));
    }
    let (width, height) = sides(file).ok_or_else(|| Failure::bad("IMAGE_PROCESS_FAILED"))?;
    let (long, short) = (width.max(height), width.min(height));
    if short == 0 || width.saturating_add(height) > PHOTO_SIDES_MAX || long > short.saturating_mul(PHOTO_RATIO_MAX) {
        return Err(Failure::bad("PHOTO_INVALID_DIMENSIONS"));
    }
    let content = caption(params)?;
    let id = world.now_us();
    let photo = json!([{
        "file_id": format!("FILE-sent-{id}"), "file_unique_id": format!("U-sent-{id}"),
        "width": width, "height": height, "file_size": file.len(),
    }]);
    messages::put(world, params, content, Map::from_iter([("photo".to_owned(), photo)]))
}

pub(crate) fn send_document(world: &mut World, params: &Params) -> Result<Value, Failure> {
    messages::room(world, params)?;
    let file = upload(params, "document")?;
    if file.len() > DOCUMENT_BYTES_MAX {
        return Err(Failure::new(413, "Request Entity Too Large"));
    }
    let content = caption(params)?;
    let id = world.now_us();
    let document = json!({
        "file_id": format!("FILE-sent-{id}"), "file_unique_id": format!("U-sent-{id}"),
        "file_name": params.text("document"), "file_size": file.len(),
    });
    messages::put(world, params, content, Map::from_iter([("document".to_owned(), document)]))
}

pub(crate) fn edit_caption(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let at = world.now_us();
    let message = messages::own(world, params, "edit")?;
    if !message.by_bot {
        return Err(Failure::bad("message can't be edited"));
    }
    if message.extra.is_empty() {
        return Err(Failure::bad("there is no caption in the message to edit"));
    }
    let content = caption(params)?;
    messages::change(world, params, content, at)
}

#[cfg(test)]
mod tests {
    use super::sides;

    #[test]
    fn sides_are_read() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\x38\0\0\x03\x20";
        assert_eq!(sides(png), Some((1080, 800)));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 0, 10, 0, 20];
        assert_eq!(sides(&jpeg), Some((20, 10)));
        assert_eq!(sides(b"GIF89a"), None);
        assert_eq!(sides(&[0xff, 0xd8, 0xff]), None);
    }
}
