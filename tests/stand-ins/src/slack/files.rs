//! Purpose: files in three steps: a URL, the bytes, where they go.

use serde_json::{Value, json};

use super::{
    methods::scope,
    model::Shown,
    params::{Failure, Params},
    world::{Upload, World},
};

pub(crate) fn get_url(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "files:write")?;
    let name = params.need("filename")?.to_owned();
    let length = params.int("length").and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    let length =
        length.ok_or_else(|| Failure::because("invalid_arguments", &["missing required field: length".into()]))?;
    let id = world.new_id("F");
    let url = format!("{}/upload/v1/{id}", world.base);
    let alt = params.str("alt_txt").unwrap_or_default().to_owned();
    world.uploads.insert(id.clone(), Upload { name, length, alt, bytes: None, complete: false });
    Ok(json!({ "upload_url": url, "file_id": id }))
}

/// The bytes; false when they are not those that were announced.
pub(crate) fn put(world: &mut World, id: &str, bytes: &[u8]) -> bool {
    let Some(upload) = world.uploads.get_mut(id) else { return false };
    if upload.length != bytes.len() as u64 || upload.complete {
        return false;
    }
    upload.bytes = Some(bytes.to_vec());
    true
}

pub(crate) fn complete(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "files:write")?;
    let files = params.json("files")?;
    let files = files.as_ref().and_then(Value::as_array).filter(|files| !files.is_empty() && files.len() <= 10);
    let files = files.ok_or_else(|| Failure::new("invalid_arguments"))?.clone();
    let mut done = Vec::new();
    for file in &files {
        let id = file["id"].as_str().unwrap_or_default();
        let upload = world.uploads.get_mut(id).filter(|upload| upload.bytes.is_some() && !upload.complete);
        let upload = upload.ok_or_else(|| Failure::new("file_not_found"))?;
        upload.complete = true;
        let title = file["title"].as_str().unwrap_or(&upload.name);
        done.push(json!({ "id": id, "title": title, "name": upload.name, "size": upload.length, "alt_txt": upload.alt,
            "permalink": format!("https://standin.slack.com/files/{id}") }));
    }
    if let Some(channel) = params.str("channel_id").map(str::to_owned) {
        if !world.channels.get(&channel).is_some_and(|c| c.bot_in) {
            return Err(Failure::new("channel_not_found"));
        }
        let message = Shown {
            ts: world.new_ts(),
            channel: channel.clone(),
            by_bot: true,
            user: world.app.bot_user.clone(),
            text: params.str("initial_comment").unwrap_or_default().to_owned(),
            thread_ts: params.str("thread_ts").map(str::to_owned),
            files: done.clone(),
            at_us: world.now_us(),
            ..Shown::default()
        };
        if let Some(channel) = world.channels.get_mut(&channel) {
            channel.messages.push(message);
        }
    }
    Ok(json!({ "files": done }))
}
