//! Purpose: what Block Kit allows, with the limits of the reference: <https://docs.slack.dev/reference/block-kit>.

use std::collections::HashSet;

use serde_json::Value;

/// Where blocks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// In a message.
    Message,
    /// In a modal.
    Modal,
    /// On the home.
    Home,
}

type Wrong = Vec<String>;

/// What is wrong with `blocks`; empty: nothing.
pub(crate) fn check(blocks: &Value, surface: Surface) -> Wrong {
    let mut wrong = Wrong::new();
    let Some(blocks) = blocks.as_array() else {
        return vec!["must be an array [json-pointer:/blocks]".into()];
    };
    let most = if surface == Surface::Message { 50 } else { 100 };
    if blocks.len() > most {
        wrong.push(format!("no more than {most} items allowed [json-pointer:/blocks]"));
    }
    let mut block_ids = HashSet::new();
    let mut action_ids = HashSet::new();
    for (n, block) in blocks.iter().enumerate() {
        let at = format!("/blocks/{n}");
        if let Some(id) = block.get("block_id") {
            match id.as_str() {
                Some(id) if id.chars().count() <= 255 => {
                    if !block_ids.insert(id.to_owned()) {
                        wrong.push(format!("`block_id` {id} already exists [json-pointer:{at}/block_id]"));
                    }
                }
                _ => wrong.push(format!("must be less than 256 characters [json-pointer:{at}/block_id]")),
            }
        }
        one(block, surface, &at, &mut action_ids, &mut wrong);
    }
    wrong
}

fn one(block: &Value, surface: Surface, at: &str, actions: &mut HashSet<String>, wrong: &mut Wrong) {
    match block["type"].as_str().unwrap_or_default() {
        "section" => {
            let fields = block["fields"].as_array();
            if block.get("text").is_none() && fields.is_none_or(Vec::is_empty) {
                wrong.push(format!("must define either `text` or `fields` [json-pointer:{at}]"));
            }
            if let Some(text) = block.get("text") {
                text_object(text, 1, 3000, false, &format!("{at}/text"), wrong);
            }
            if let Some(fields) = fields {
                if fields.len() > 10 {
                    wrong.push(format!("no more than 10 items allowed [json-pointer:{at}/fields]"));
                }
                for field in fields {
                    text_object(field, 1, 2000, false, &format!("{at}/fields"), wrong);
                }
            }
            if let Some(accessory) = block.get("accessory") {
                element(accessory, &format!("{at}/accessory"), actions, wrong);
            }
        }
        "header" => text_object(&block["text"], 1, 150, true, &format!("{at}/text"), wrong),
        "divider" => {}
        "context" => {
            let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
            if elements.is_empty() || elements.len() > 10 {
                wrong.push(format!("1 to 10 items allowed [json-pointer:{at}/elements]"));
            }
            for element in elements {
                if element["type"] != "image" {
                    text_object(element, 1, 3000, false, &format!("{at}/elements"), wrong);
                }
            }
        }
        "actions" => {
            let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
            if elements.is_empty() || elements.len() > 25 {
                wrong.push(format!("1 to 25 items allowed [json-pointer:{at}/elements]"));
            }
            for (n, item) in elements.iter().enumerate() {
                element(item, &format!("{at}/elements/{n}"), actions, wrong);
            }
        }
        "image" => {
            let url = block["image_url"].as_str().is_some_and(|url| url.starts_with("http") && url.len() <= 3000);
            let file = block["slack_file"]["id"].is_string() || block["slack_file"]["url"].is_string();
            if url == file {
                wrong.push(format!("must define either `image_url` or `slack_file` [json-pointer:{at}]"));
            }
            if block["alt_text"].as_str().is_none_or(|alt| alt.is_empty() || alt.chars().count() > 2000) {
                wrong.push(format!("`alt_text` must be 1 to 2000 characters [json-pointer:{at}/alt_text]"));
            }
        }
        "rich_text" => rich_text(block, at, wrong),
        "input" if surface == Surface::Modal => {
            text_object(&block["label"], 1, 2000, true, &format!("{at}/label"), wrong);
            let input = &block["element"];
            if input["type"] != "plain_text_input" && input["type"] != "static_select" {
                wrong.push(format!("unsupported element in input block [json-pointer:{at}/element]"));
            }
            action_id(input, &format!("{at}/element"), actions, wrong);
            if input["max_length"].as_u64().is_some_and(|most| !(1..=3000).contains(&most)) {
                wrong.push(format!("must be from 1 to 3000 [json-pointer:{at}/element/max_length]"));
            }
            if let Some(placeholder) = input.get("placeholder") {
                text_object(placeholder, 1, 150, true, &format!("{at}/element/placeholder"), wrong);
            }
        }
        other => wrong.push(format!("unsupported type: {other} [json-pointer:{at}/type]")),
    }
}

fn text_object(text: &Value, least: usize, most: usize, plain_only: bool, at: &str, wrong: &mut Wrong) {
    let kind = text["type"].as_str().unwrap_or_default();
    if kind != "plain_text" && (plain_only || kind != "mrkdwn") {
        wrong.push(format!("unsupported text type: {kind} [json-pointer:{at}/type]"));
    }
    let length = text["text"].as_str().map_or(0, |text| text.chars().count());
    if length < least {
        wrong.push(format!("must be more than {} characters [json-pointer:{at}/text]", least - 1));
    }
    if length > most {
        wrong.push(format!("must be less than {} characters [json-pointer:{at}/text]", most + 1));
    }
}

fn action_id(element: &Value, at: &str, actions: &mut HashSet<String>, wrong: &mut Wrong) {
    match element["action_id"].as_str() {
        Some(id) if id.is_empty() || id.chars().count() > 255 => {
            wrong.push(format!("must be 1 to 255 characters [json-pointer:{at}/action_id]"));
        }
        Some(id) if !actions.insert(id.to_owned()) => {
            wrong.push(format!("`action_id` {id} already exists [json-pointer:{at}/action_id]"));
        }
        _ => {}
    }
}

fn element(element: &Value, at: &str, actions: &mut HashSet<String>, wrong: &mut Wrong) {
    action_id(element, at, actions, wrong);
    match element["type"].as_str().unwrap_or_default() {
        "button" => {
            text_object(&element["text"], 1, 75, true, &format!("{at}/text"), wrong);
            if element["value"].as_str().is_some_and(|value| value.chars().count() > 2000) {
                wrong.push(format!("must be less than 2001 characters [json-pointer:{at}/value]"));
            }
            if let Some(style) = element.get("style")
                && !matches!(style.as_str(), Some("primary" | "danger"))
            {
                wrong.push(format!("must be one of primary, danger [json-pointer:{at}/style]"));
            }
        }
        "overflow" => options(element, 1, 5, 150, at, wrong),
        "static_select" => {
            options(element, 1, 100, 150, at, wrong);
            if let Some(placeholder) = element.get("placeholder") {
                text_object(placeholder, 1, 150, true, &format!("{at}/placeholder"), wrong);
            }
        }
        other => wrong.push(format!("unsupported element type: {other} [json-pointer:{at}/type]")),
    }
}

fn options(element: &Value, least: usize, most: usize, value_most: usize, at: &str, wrong: &mut Wrong) {
    let options = element["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    if options.len() < least || options.len() > most {
        wrong.push(format!("{least} to {most} options allowed [json-pointer:{at}/options]"));
    }
    for option in options {
        text_object(&option["text"], 1, 75, false, &format!("{at}/options/text"), wrong);
        if option["value"].as_str().is_none_or(|value| value.is_empty() || value.chars().count() > value_most) {
            wrong.push(format!("must be 1 to {value_most} characters [json-pointer:{at}/options/value]"));
        }
    }
}

fn rich_text(block: &Value, at: &str, wrong: &mut Wrong) {
    let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    if elements.is_empty() {
        wrong.push(format!("must have at least one item [json-pointer:{at}/elements]"));
    }
    for (n, part) in elements.iter().enumerate() {
        let at = format!("{at}/elements/{n}");
        let kind = part["type"].as_str().unwrap_or_default();
        match kind {
            "rich_text_section" | "rich_text_quote" | "rich_text_preformatted" => {
                for (n, inline) in part["elements"].as_array().into_iter().flatten().enumerate() {
                    inline_element(inline, kind == "rich_text_preformatted", &format!("{at}/elements/{n}"), wrong);
                }
                if !part["elements"].is_array() {
                    wrong.push(format!("missing `elements` [json-pointer:{at}]"));
                }
            }
            "rich_text_list" => {
                for item in part["elements"].as_array().into_iter().flatten() {
                    for inline in item["elements"].as_array().into_iter().flatten() {
                        inline_element(inline, false, &at, wrong);
                    }
                }
            }
            other => wrong.push(format!("unsupported element type: {other} [json-pointer:{at}/type]")),
        }
    }
}

fn inline_element(inline: &Value, preformatted: bool, at: &str, wrong: &mut Wrong) {
    match inline["type"].as_str().unwrap_or_default() {
        "text" => {
            if inline["text"].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("must be more than 0 characters [json-pointer:{at}/text]"));
            }
            let styles = inline["style"].as_object().into_iter().flatten();
            for (style, on) in styles {
                if !matches!(style.as_str(), "bold" | "italic" | "strike" | "code") || !on.is_boolean() || preformatted
                {
                    wrong.push(format!("unsupported style: {style} [json-pointer:{at}/style]"));
                }
            }
        }
        "link" => {
            if inline["url"].as_str().is_none_or(|url| !url.contains(':') || url.len() > 3000) {
                wrong.push(format!("invalid url [json-pointer:{at}/url]"));
            }
        }
        "emoji" | "user" | "channel" | "usergroup" | "broadcast" | "date" | "color" if !preformatted => {}
        other => wrong.push(format!("unsupported element type: {other} [json-pointer:{at}/type]")),
    }
}
