//! Purpose: what blocks look like: their text and their buttons.

use serde_json::Value;

use super::{model::ShownButton, text::unescape};

/// The text of all blocks, as it is read.
pub(crate) fn text(blocks: &[Value]) -> String {
    let texts: Vec<String> = blocks.iter().filter_map(of_block).collect();
    texts.join("\n")
}

fn of_block(block: &Value) -> Option<String> {
    match block["type"].as_str()? {
        "section" => {
            let mut out: Vec<String> = block.get("text").map(text_object).into_iter().collect();
            out.extend(block["fields"].as_array().into_iter().flatten().map(text_object));
            Some(out.join("\n"))
        }
        "header" => Some(text_object(&block["text"])),
        "context" => {
            let parts: Vec<String> = block["elements"].as_array()?.iter().map(text_object).collect();
            Some(parts.join(" "))
        }
        "rich_text" => Some(rich_text(block)),
        _ => None,
    }
}

fn text_object(text: &Value) -> String {
    let shown = text["text"].as_str().unwrap_or_default();
    if text["type"] == "mrkdwn" { unescape(shown) } else { shown.to_owned() }
}

/// Sections follow each other; what is a block of its own begins and ends a line.
fn rich_text(block: &Value) -> String {
    let mut out = String::new();
    let mut after_own_block = false;
    for part in block["elements"].as_array().into_iter().flatten() {
        let own_block = part["type"] != "rich_text_section";
        if (own_block || after_own_block) && !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        for inline in part["elements"].as_array().into_iter().flatten() {
            match inline["type"].as_str().unwrap_or_default() {
                "text" => out.push_str(inline["text"].as_str().unwrap_or_default()),
                "link" => out.push_str(inline["text"].as_str().or(inline["url"].as_str()).unwrap_or_default()),
                "user" => out.push_str(&format!("<@{}>", inline["user_id"].as_str().unwrap_or_default())),
                "broadcast" => out.push_str(&format!("<!{}>", inline["range"].as_str().unwrap_or_default())),
                _ => {}
            }
        }
        after_own_block = own_block;
    }
    out
}

/// The rows of buttons, the choices of overflow menus among them.
pub(crate) fn buttons(blocks: &[Value]) -> Vec<Vec<ShownButton>> {
    let rows = blocks.iter().filter(|block| block["type"] == "actions" || block.get("accessory").is_some());
    let rows = rows.map(|block| {
        let id = block["block_id"].as_str().unwrap_or_default();
        let elements = block["elements"].as_array().cloned().unwrap_or_else(|| vec![block["accessory"].clone()]);
        elements.iter().flat_map(|element| of_element(element, id)).collect::<Vec<_>>()
    });
    rows.filter(|row| !row.is_empty()).collect()
}

fn of_element(element: &Value, block_id: &str) -> Vec<ShownButton> {
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |text: &Value, value: &Value, overflow: bool| ShownButton {
        text: words(&text["text"]),
        value: words(value),
        action_id: words(&element["action_id"]),
        block_id: block_id.to_owned(),
        style: element["style"].as_str().map(str::to_owned),
        overflow,
    };
    match element["type"].as_str() {
        Some("button") => vec![of(&element["text"], &element["value"], false)],
        Some("overflow") => {
            let options = element["options"].as_array().into_iter().flatten();
            options.map(|option| of(&option["text"], &option["value"], true)).collect()
        }
        _ => Vec::new(),
    }
}
