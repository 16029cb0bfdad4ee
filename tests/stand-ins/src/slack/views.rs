//! Purpose: modals and the home.

use serde_json::{Value, json};

use super::{
    blocks::{self, Surface},
    model::View,
    params::{Failure, Params},
    world::World,
};

fn checked(params: &Params, surface: Surface) -> Result<Value, Failure> {
    let view = params.json("view")?.ok_or_else(|| Failure::because("invalid_arguments", &["missing view".into()]))?;
    let mut wrong = blocks::check(&view["blocks"], surface);
    let wanted = if surface == Surface::Modal { "modal" } else { "home" };
    if view["type"] != wanted {
        wrong.push(format!("must be {wanted} [json-pointer:/view/type]"));
    }
    let chars = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    if surface == Surface::Modal {
        for (name, needed) in [("title", true), ("submit", false), ("close", false)] {
            let text = &view[name];
            let length = chars(&text["text"]);
            let there = !text.is_null();
            if (there || needed) && (!(1..=24).contains(&length) || text["type"] != "plain_text") {
                wrong.push(format!("must be plain text of 1 to 24 characters [json-pointer:/view/{name}]"));
            }
        }
        let has_input = view["blocks"].as_array().into_iter().flatten().any(|b| b["type"] == "input");
        if has_input && view["submit"].is_null() {
            wrong.push("`submit` is needed with input blocks [json-pointer:/view/submit]".into());
        }
    }
    if chars(&view["private_metadata"]) > 3000 {
        wrong.push("must be less than 3001 characters [json-pointer:/view/private_metadata]".into());
    }
    if chars(&view["callback_id"]) > 255 {
        wrong.push("must be less than 256 characters [json-pointer:/view/callback_id]".into());
    }
    if !wrong.is_empty() {
        return Err(Failure::because("invalid_arguments", &wrong));
    }
    Ok(view)
}

fn answer(view: &View) -> Value {
    let mut object = view.view.clone();
    object["id"] = view.id.clone().into();
    object["hash"] = view.hash.clone().into();
    json!({ "view": object })
}

pub(crate) fn open(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let view = checked(params, Surface::Modal)?;
    let user = world.take_trigger(params.need("trigger_id")?).map_err(Failure::new)?;
    let view = View { id: world.new_id("V"), user, view, hash: world.new_id("h"), open: true };
    world.views.insert(view.id.clone(), view.clone());
    Ok(answer(&view))
}

pub(crate) fn update(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let new = checked(params, Surface::Modal)?;
    let hash = world.new_id("h");
    let view = world.views.get_mut(params.need("view_id")?).filter(|v| v.open);
    let view = view.ok_or_else(|| Failure::new("not_found"))?;
    if params.str("hash").is_some_and(|known| known != view.hash) {
        return Err(Failure::new("hash_conflict"));
    }
    view.view = new;
    view.hash = hash;
    Ok(answer(view))
}

pub(crate) fn publish(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let new = checked(params, Surface::Home)?;
    let user = params.need("user_id")?.to_owned();
    if !world.people.contains_key(&user) {
        return Err(Failure::new("user_not_found"));
    }
    let known = world.homes.get(&user).cloned();
    if let (Some(hash), Some(known)) = (params.str("hash"), &known)
        && hash != known.hash
    {
        return Err(Failure::new("hash_conflict"));
    }
    let id = known.map_or_else(|| world.new_id("V"), |view| view.id);
    let view = View { id, user: user.clone(), view: new, hash: world.new_id("h"), open: true };
    world.homes.insert(user, view.clone());
    world.home_publishes += 1;
    Ok(answer(&view))
}
