//! Purpose: what people do with commands, buttons, menus and forms, from its arrival to its receipt.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use serenity::all::{AutocompleteChoice, CreateAutocompleteResponse};
use tokio::{sync::oneshot, time::sleep};
use yoman_chat::{Ask, Inbound, MessageRef, Phrases, Receipt, Said, Typing};

use crate::{
    channels::Known,
    commands::{self, Choice},
    desk::{CHOICES, FORM, MESSAGE, NOTED, Pending, THINKING},
    inbound,
    intake::Intake,
    lanes::{self, Job},
    outbound::{self, Carried, carried, cut},
    session::Ticket,
    wire::{self, made_at},
};

/// How long suggestions may take.
const SUGGEST: Duration = Duration::from_millis(250);
const SUGGESTIONS_MAX: usize = 25;
const SUGGESTION_CHARS_MAX: usize = 100;
/// When a press is noted without waiting for its answer any longer, counted from its receipt.
const NOTE_AFTER: Duration = Duration::from_millis(60);
/// When a toast that nothing else has made known is shown.
const TOAST_AFTER: Duration = Duration::from_secs(3);
/// When "thinking" that nothing came of is taken away.
const GIVE_UP_AFTER: Duration = Duration::from_secs(600);
/// When "thinking" is ended after a receipt that nothing followed, in times of [`Intake::think_after`]: an answer may wait for
/// others of its room.
const SILENT_AFTER: u32 = 3;

const COMMAND: u8 = 2;
const COMPONENT: u8 = 3;
const TYPING: u8 = 4;
const FILLED: u8 = 5;
const ON_MESSAGE: u8 = 3;

/// The least of an interaction that can be answered.
#[derive(Deserialize)]
struct Least {
    id: String,
    token: String,
}

/// Takes an interaction in; `request`: where its first answer goes when it came over HTTP.
pub(crate) fn arrive(intake: &Intake, raw: &str, ticket: Option<Ticket>, request: Option<oneshot::Sender<Value>>) {
    let interaction: wire::Interaction = match serde_json::from_str(raw) {
        Ok(interaction) => interaction,
        Err(error) => {
            intake.aside("INTERACTION_CREATE", raw, &format!("an interaction that cannot be read: {error}"), ticket);
            not_understood(intake, raw, request);
            return;
        }
    };
    let Some(channel) = interaction.channel_id.or(interaction.channel.as_ref().map(|channel| channel.id)) else {
        intake.aside("INTERACTION_CREATE", raw, "an interaction without a channel", ticket);
        not_understood(intake, raw, request);
        return;
    };
    let card = interaction.message.as_ref().map(|message| message.id);
    let pending = Arc::new(Pending::new(&interaction, card, is_private(intake, &interaction), request));
    match interaction.kind {
        TYPING => {
            settle(ticket);
            let intake = intake.clone();
            intake.clone().spawn(async move { suggest(&intake, &interaction, &pending).await });
        }
        COMMAND | COMPONENT | FILLED => {
            if let Some((id, ask)) = form(intake, &interaction) {
                settle(ticket);
                let form = outbound::form(&id, &ask, pending.phrases);
                open(intake, pending, FORM, form);
            } else if let Some(message) = wants_thread(&interaction) {
                settle(ticket);
                let intake = intake.clone();
                intake.clone().spawn(async move { open_thread(&intake, channel, &message, &pending).await });
            } else if intake.desk.register(&inbound_id(intake, channel, &interaction), &pending) {
                let (job, waits) =
                    (Job::Interaction(Box::new(interaction), Arc::clone(&pending)), Arc::clone(&pending));
                deadline(intake, waits);
                if intake.lanes.push(intake, channel, job, ticket).is_err() {
                    let intake = intake.clone();
                    intake.clone().spawn(async move { pending.whisper(&intake.api, pending.phrases.not_kept).await });
                }
            } else {
                settle(ticket);
            }
        }
        kind => {
            let raw_why = format!("an interaction of the unknown kind {kind}");
            intake.aside("INTERACTION_CREATE", raw, &raw_why, ticket);
            let intake = intake.clone();
            intake.clone().spawn(async move { pending.whisper(&intake.api, pending.phrases.not_understood).await });
        }
    }
}

fn settle(ticket: Option<Ticket>) {
    if let Some(ticket) = ticket {
        ticket.settle();
    }
}

fn inbound_id(intake: &Intake, channel: u64, interaction: &wire::Interaction) -> String {
    format!("{}/{channel}/i{}", intake.us.bot, interaction.id)
}

/// Tells the person, as far as the interaction can be answered at all.
fn not_understood(intake: &Intake, raw: &str, request: Option<oneshot::Sender<Value>>) {
    let answer = json!({ "type": MESSAGE, "data": outbound::whisper(Phrases::of("").not_understood).json });
    if let Some(request) = request {
        let _ = request.send(answer);
        return;
    }
    let Ok(least) = serde_json::from_str::<Least>(raw) else { return };
    let api = intake.api.clone();
    intake.spawn(async move {
        let path = format!("interactions/{}/{}/callback", least.id, least.token);
        let _ = api.call(Method::POST, &path, Some(&answer), None).await;
    });
}

fn open(intake: &Intake, pending: Arc<Pending>, kind: u64, data: Value) {
    let intake = intake.clone();
    intake.clone().spawn(async move {
        if let Err(error) = pending.once(&intake.api, kind, data).await {
            tracing::warn!(bot = %intake.us.bot, %error, "a form was not shown");
        }
    });
}

/// The form that is to be filled in first: behind a button that asks for words, or for a text that was left out.
fn form(intake: &Intake, interaction: &wire::Interaction) -> Option<(String, Ask)> {
    let data = interaction.data.as_ref()?;
    match interaction.kind {
        COMMAND if data.kind != ON_MESSAGE => {
            let (verb, options) = commands::chosen(&intake.menu, &intake.under, &data.name, &data.options)?;
            match commands::choice(verb, options) {
                Choice::Form { id, ask } => Some((id, ask)),
                Choice::Text(_) => None,
            }
        }
        COMPONENT => {
            let id = pressed(data)?;
            let Carried::Form { data, long } = carried(id)? else { return None };
            let ask = intake.desk.ask(data).unwrap_or_else(|| Ask {
                title: cut(&label(interaction, id).unwrap_or_default(), 45),
                label: Phrases::of(interaction.locale.as_deref().unwrap_or_default()).what_to_say.into(),
                long,
                optional: false,
            });
            Some((format!("m{data}"), ask))
        }
        _ => None,
    }
}

/// The id of the button, or the value of the choice.
fn pressed(data: &wire::Data) -> Option<&str> {
    data.values.first().map(String::as_str).or(Some(data.custom_id.as_str())).filter(|id| !id.is_empty())
}

/// Whether what it asks for concerns only who asks.
fn is_private(intake: &Intake, interaction: &wire::Interaction) -> bool {
    let chosen = interaction.data.as_ref().filter(|_| interaction.kind == COMMAND);
    let verb = chosen.and_then(|data| commands::chosen(&intake.menu, &intake.under, &data.name, &data.options));
    verb.is_some_and(|(verb, _)| verb.private)
}

/// What stands on the button that was pressed.
fn label(interaction: &wire::Interaction, id: &str) -> Option<String> {
    let mut found = None;
    wire::each(&interaction.message.as_ref()?.components, &mut |component| {
        if component.custom_id.as_deref() == Some(id) {
            found.clone_from(&component.label);
        }
        if let Some(choice) = component.options.iter().find(|choice| choice.value == id) {
            found = Some(choice.label.clone());
        }
    });
    found
}

/// One interaction, in its turn: handed in, and the person told if it was not kept.
pub(crate) async fn handle(intake: &Intake, interaction: &wire::Interaction, pending: &Arc<Pending>) {
    let Some(inbound) = understood(intake, interaction).await else {
        let raw = format!("interaction {} of kind {}", interaction.id, interaction.kind);
        intake.aside("INTERACTION_CREATE", &raw, "a command or a button nobody knows", None);
        pending.whisper(&intake.api, pending.phrases.unknown_command).await;
        return;
    };
    match lanes::submit(intake, inbound).await {
        Receipt::NotKept { why } => {
            tracing::warn!(bot = %intake.us.bot, why, "an interaction was not kept");
            pending.whisper(&intake.api, pending.phrases.not_kept).await;
        }
        Receipt::Kept { toast } => {
            let (intake, pending) = (intake.clone(), Arc::clone(pending));
            intake.clone().spawn(async move { kept(&intake, &pending, toast).await });
        }
    }
}

/// After the receipt: a press is noted soon, and its toast shown unless an answer has told the same.
async fn kept(intake: &Intake, pending: &Pending, toast: Option<String>) {
    if pending.on_card {
        wait(intake, NOTE_AFTER).await;
        note(intake, pending, NOTED, Value::Null).await;
    } else {
        pending.kept.store(true, Ordering::Relaxed);
        wait(intake, intake.think_after * SILENT_AFTER).await;
        if !intake.stop.is_cancelled() && !pending.shown.load(Ordering::Relaxed) {
            pending.end_thinking(&intake.api, Some(pending.phrases.silent)).await;
        }
    }
    if let Some(toast) = toast.filter(|_| pending.on_card) {
        wait(intake, TOAST_AFTER).await;
        if !pending.shown.load(Ordering::Relaxed) && !intake.stop.is_cancelled() {
            pending.whisper(&intake.api, &toast).await;
        }
    }
}

async fn wait(intake: &Intake, time: Duration) {
    tokio::select! {
        () = intake.stop.cancelled() => {}
        () = sleep(time) => {}
    }
}

async fn note(intake: &Intake, pending: &Pending, kind: u64, data: Value) {
    if let Err(error) = pending.once(&intake.api, kind, data).await {
        tracing::debug!(bot = %intake.us.bot, %error, "an interaction was not noted");
    }
}

/// Whatever else happens, the service hears something in time.
fn deadline(intake: &Intake, pending: Arc<Pending>) {
    let intake = intake.clone();
    intake.clone().spawn(async move {
        wait(&intake, intake.think_after).await;
        if intake.stop.is_cancelled() {
            return;
        }
        if pending.on_card {
            note(&intake, &pending, NOTED, Value::Null).await;
            return;
        }
        let kept = pending.kept.load(Ordering::Relaxed);
        // What is kept and shows nothing may stay without an answer: then only who asked is told so.
        let flags = if (pending.private || kept) && !pending.direct { 64 } else { 0 };
        note(&intake, &pending, THINKING, json!({ "flags": flags })).await;
        wait(&intake, GIVE_UP_AFTER).await;
        if !intake.stop.is_cancelled() {
            pending.end_thinking(&intake.api, None).await;
        }
    });
}

/// What was meant; `None` when nobody knows.
async fn understood(intake: &Intake, interaction: &wire::Interaction) -> Option<Inbound> {
    let channel = interaction.channel_id.or(interaction.channel.as_ref().map(|channel| channel.id))?;
    let user = interaction.member.as_ref().and_then(|member| member.user.as_ref()).or(interaction.user.as_ref())?;
    let data = interaction.data.as_ref()?;
    let known = place(intake, interaction, channel).await;
    let room = inbound::room(&intake.us.bot, &known);
    let own = MessageRef { room: room.id.clone(), id: format!("i{}", interaction.id) };
    let card = || {
        let card = interaction.message.as_ref()?;
        Some(MessageRef { room: room.id.clone(), id: card.id.to_string() })
    };
    let users: Vec<wire::User> =
        data.resolved.as_ref().map(|resolved| resolved.users.values().cloned().collect()).unwrap_or_default();
    let starter = intake.channels.starter(&intake.api, known.place, intake.us.id).await;
    let spoken = |text: &str, attachments| {
        let read = inbound::read(text, &users, intake.us.id, &intake.channels);
        let reply_to = inbound::of_thread(&intake.us, &known, starter.as_ref());
        let (text, mentions) = (read.text, read.mentions);
        Said::Message { text, message: own.clone(), reply_to, attachments, mentions, addressed: true }
    };
    let said = match interaction.kind {
        COMMAND if data.kind == ON_MESSAGE => {
            let verb = commands::on_message(&data.name)?;
            let target = data.resolved.as_ref()?.messages.get(&data.target_id?.to_string())?;
            let words =
                inbound::read(&target.words().unwrap_or_default(), &target.mentions, intake.us.id, &intake.channels);
            let text = format!("/{verb} {}", words.text);
            let said = spoken(text.trim_end(), Vec::new());
            match said {
                Said::Message { text, message, reply_to: _, attachments, addressed, .. } => {
                    let mentions = words.mentions;
                    Said::Message { text, message, reply_to: None, attachments, mentions, addressed }
                }
                other => other,
            }
        }
        COMMAND => {
            let (verb, options) = commands::chosen(&intake.menu, &intake.under, &data.name, &data.options)?;
            match commands::choice(verb, options) {
                Choice::Text(text) => spoken(&text, Vec::new()),
                Choice::Form { .. } => return None,
            }
        }
        COMPONENT => match carried(pressed(data)?)? {
            Carried::Data(data) => Said::Pressed { data: data.to_owned(), card: card()?, words: None },
            Carried::Form { .. } => return None,
        },
        FILLED => {
            let words = words(data);
            match data.custom_id.strip_prefix('m') {
                Some(data) => Said::Pressed { data: data.to_owned(), card: card()?, words: Some(words) },
                None => spoken(&commands::filled(&intake.menu, &data.custom_id, &words)?, Vec::new()),
            }
        }
        _ => return None,
    };
    Some(Inbound {
        id: inbound_id(intake, channel, interaction),
        room,
        sender: inbound::sender(user, interaction.locale.as_deref()),
        said,
        sent_at: made_at(interaction.id),
    })
}

/// What was written into the form.
fn words(data: &wire::Data) -> String {
    let mut out = Vec::new();
    wire::each(&data.components, &mut |component| out.extend(component.value.clone()));
    out.join("\n")
}

async fn place(intake: &Intake, interaction: &wire::Interaction, channel: u64) -> Known {
    if let Some(known) = interaction.channel.as_ref().filter(|channel| channel.kind != 1) {
        return intake.channels.learn(known, interaction.guild_id);
    }
    let known = intake.channels.find(&intake.api, channel, interaction.guild_id).await;
    known.unwrap_or(Known {
        place: crate::channels::Place { channel, thread: None },
        kind: yoman_chat::RoomKind::Group,
        name: None,
        guild: interaction.guild_id,
    })
}

/// Suggestions for what is being typed, in any case within their time.
async fn suggest(intake: &Intake, interaction: &wire::Interaction, pending: &Pending) {
    let found =
        tokio::time::timeout(SUGGEST, suggestions(intake, interaction)).await.ok().flatten().unwrap_or_default();
    let choices = found.into_iter().take(SUGGESTIONS_MAX).filter_map(|(label, value)| {
        let fits = (1..=SUGGESTION_CHARS_MAX).contains(&value.chars().count()) && !label.trim().is_empty();
        // A value that is cut would mean something else: it is left out.
        fits.then(|| AutocompleteChoice::new(cut(&label, SUGGESTION_CHARS_MAX), value))
    });
    let data = json!(CreateAutocompleteResponse::new().set_choices(choices.collect()));
    if let Err(error) = pending.once(&intake.api, CHOICES, data).await {
        tracing::debug!(bot = %intake.us.bot, %error, "suggestions were not shown");
    }
}

async fn suggestions(intake: &Intake, interaction: &wire::Interaction) -> Option<Vec<(String, String)>> {
    let data = interaction.data.as_ref()?;
    let (verb, options) = commands::chosen(&intake.menu, &intake.under, &data.name, &data.options)?;
    let typed = options.iter().find(|option| option.focused)?;
    let arg = verb.args.iter().find(|arg| arg.name == typed.name)?;
    let channel = interaction.channel_id?;
    let user = interaction.member.as_ref().and_then(|member| member.user.as_ref()).or(interaction.user.as_ref())?;
    let known = place(intake, interaction, channel).await;
    let typing = Typing {
        room: inbound::room(&intake.us.bot, &known),
        sender: inbound::sender(user, None).id,
        kind: arg.kind.clone(),
        verb: verb.word.clone(),
        text: typed.value.as_str().unwrap_or_default().to_owned(),
        most: SUGGESTIONS_MAX,
    };
    let found = intake.inbox.suggest(typing).await;
    Some(found.into_iter().map(|suggestion| (suggestion.label, suggestion.value)).collect())
}

/// The message somebody wants a thread on.
fn wants_thread(interaction: &wire::Interaction) -> Option<wire::Message> {
    let data = interaction.data.as_ref()?;
    let asked = interaction.kind == COMMAND && data.kind == ON_MESSAGE && data.name == commands::OPEN_THREAD;
    let target = data.target_id.filter(|_| asked)?;
    data.resolved.as_ref()?.messages.get(&target.to_string()).cloned()
}

async fn open_thread(intake: &Intake, channel: u64, message: &wire::Message, pending: &Pending) {
    let say = pending.phrases;
    let ours = message.author.as_ref().is_some_and(|author| author.id == intake.us.id);
    let words = message.words().unwrap_or_default();
    let answer = if !ours {
        say.thread_on_cards_only.to_owned()
    } else {
        let name = cut(words.lines().next().unwrap_or_default().replace(['*', '`', '\\', '~'], "").trim(), 100);
        let body = json!({ "name": if name.is_empty() { say.thread.to_owned() } else { name }, "auto_archive_duration": 4320 });
        let path = format!("channels/{channel}/messages/{}/threads", message.id);
        match intake.api.call(Method::POST, &path, Some(&body), None).await {
            Ok(made) => {
                let thread = made["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(message.id);
                if let Ok(made) = serde_json::from_value::<wire::Channel>(made) {
                    intake.channels.learn(&made, None);
                }
                intake.channels.learn_starter(thread, Some(words));
                format!("<#{thread}> {}", say.thread_is_open)
            }
            // It has the message's id.
            Err(error) if error.code() == 160_004 => format!("{} <#{}>", say.thread_is_there, message.id),
            Err(error) if error.code() == 50024 => say.no_threads_here.to_owned(),
            Err(error) if matches!(error.code(), 50013 | 50001) => say.thread_not_allowed.to_owned(),
            Err(error) => {
                tracing::warn!(bot = %intake.us.bot, %error, "a thread was not opened");
                say.thread_not_opened.to_owned()
            }
        }
    };
    let data = json!({ "content": answer, "flags": 64, "allowed_mentions": { "parse": [] } });
    if let Err(error) = pending.once(&intake.api, MESSAGE, data).await {
        tracing::debug!(bot = %intake.us.bot, %error, "an answer was not shown");
    }
}
