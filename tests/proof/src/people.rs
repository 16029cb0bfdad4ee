//! Hostile people, on all three platforms at once: strangers who flood the pairing, a guest who tries every verb, forged
//! buttons, wrong signatures and webhook secrets, tricks in titles and names, mass mentions; and every secret of the run is
//! looked for in everything that was written meanwhile, at the most talkative setting.
//!
//! # Layout
//!
//! * `scene.rs`   one yoman with three platforms, and what is seen of it from outside
//! * `forged.rs`  what no client of the platforms would send

mod forged;
mod scene;

use std::collections::BTreeSet;

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

use self::scene::Scene;
use crate::{
    run::{Found, Outcome, Setting},
    wire::Wire,
};

/// What every stranger's message has in it: it must be nowhere afterwards.
const STRANGE: &str = "zqxstranger";
/// At most so many wait to be let in.
const PENDING_MAX: usize = 3;

/// Titles that are something else where they are not only text.
const TRICKS: [&str; 16] = [
    "@everyone look at this",
    "@here and <!here> and <!channel> and <!everyone>",
    "<!subteam^S0123> <@U0123> <@1> <@&1> <#1>",
    "../../../../etc/passwd",
    "C:\\windows\\..\\x | rm -rf $HOME; `id` $(id)",
    "{} {0} %s %n %x ${env:PATH} #{7*7} {{7*7}}",
    "<b>bold</b> <script>alert(1)</script> &lt;i&gt; &amp;",
    "*bold* _it_ ~no~ `code` ||spoiler|| > quote",
    "[a](javascript:alert(1)) [b](https://x.y) <https://x.y|text>",
    "\u{202e}gnp.exe\u{202c} \u{200b}zero\u{feff}width",
    "```\nfence @everyone",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} e\u{301}\u{327} \u{fdfd}",
    "-1 OR 1=1; DROP TABLE items; --",
    "\\@everyone \\\\@here \\<!channel>",
    "@every\u{200b}one @\u{435}veryone",
    "tg://user?id=1 slack://x discord://-/channels/1",
];

/// Lets hostile people at one yoman, so many strangers among them.
///
/// # Errors
/// What got through.
pub async fn people(setting: &Setting, strangers: usize) -> Found {
    let mut random = setting.random();
    let mut scene = Scene::start(setting).await?;
    let mut seen = Vec::new();
    let outcome = async {
        seen.push(flood(&mut scene, &mut random, strangers).await?);
        seen.push(guest(&mut scene).await?);
        seen.push(buttons(&mut scene, &mut random).await?);
        seen.push(tricks(&mut scene).await?);
        seen.push(scene.stop_and_forge().await?);
        if setting.plant {
            scene.leak();
        }
        seen.push(scene.nothing_leaked()?);
        Ok::<_, String>(())
    };
    let outcome = outcome.await;
    match outcome {
        Ok(()) => Ok(Outcome { size: format!("{strangers} strangers, all verbs, three platforms"), seen }),
        Err(why) => Err(format!("{why}\nwhat it kept and said is in {}", scene.keep().display())),
    }
}

/// Strangers, each with a few messages of every kind.
async fn flood(scene: &mut Scene, random: &mut StdRng, strangers: usize) -> Result<String, String> {
    let before = scene.commits()?;
    let mut said = 0;
    let mut codes = BTreeSet::new();
    let mut answers_most = 0;
    for number in 0..strangers {
        let at = number % scene.wires.len();
        let (who, chat) = scene.stranger(at, number);
        let messages = random.random_range(3..14);
        for _ in 0..messages {
            let text = match random.random_range(0..8) {
                0 => "/start".to_owned(),
                1 => format!("/claim {:08X}", random.random::<u32>()),
                2 => format!("/pair {:08X}", random.random::<u32>()),
                3 => format!("/link {:08X}", random.random::<u32>()),
                4 => format!("/todo {STRANGE} {number} #x"),
                5 => format!("/grant @{STRANGE} owner"),
                6 => format!("{STRANGE} {}", "y".repeat(1_500)),
                _ => format!("{STRANGE} hello {number}"),
            };
            scene.wires[at].say(&chat, &who, &text, None);
            said += 1;
        }
        scene.handed_over(at).await?;
        let shown = scene.wires[at].shown(&chat);
        answers_most = answers_most.max(shown.len());
        for message in shown {
            if let Some(code) = message.first.split("pair ").nth(1).and_then(|rest| rest.split_whitespace().next()) {
                codes.insert(code.trim_end_matches(['.', ',']).to_owned());
            }
        }
    }
    scene.answers().await?;
    if codes.len() > PENDING_MAX {
        return Err(format!("{} strangers were given pairing codes, {PENDING_MAX} may wait: {codes:?}", codes.len()));
    }
    if answers_most > 8 {
        return Err(format!("one stranger was answered {answers_most} times"));
    }
    let after = scene.commits()?;
    if before.len() != after.len() {
        return Err(format!("strangers left commits: {:?}", &after[before.len()..]));
    }
    scene.nowhere(STRANGE)?;
    Ok(format!(
        "{strangers} strangers said {said} things: {} codes given, at most {answers_most} answers each, nothing kept",
        codes.len()
    ))
}

/// Somebody who may only look tries everything there is.
async fn guest(scene: &mut Scene) -> Result<String, String> {
    scene.owner_says("/todo The owner's own #own").await?;
    let (at, who, chat) = scene.let_guest_in().await?;
    let before = scene.commits()?;
    let mut tried = 0;
    for verb in yoman::command::verbs() {
        for text in [format!("/{}", verb.example), format!("/{} T1", verb.word), format!("/{}", verb.word)] {
            if verb.word == "link" || verb.word == "unlink" || verb.word == "start" {
                // These are about themselves.
                continue;
            }
            scene.wires[at].say(&chat, &who, &text, None);
            tried += 1;
        }
        scene.answers().await?;
    }
    scene.wires[at].say(&chat, &who, "a bare sentence\n/done T1\n/undo", None);
    scene.answers().await?;
    let after = scene.commits()?;
    if before.len() != after.len() {
        return Err(format!("a guest changed something: {:?}", &after[before.len()..]));
    }
    Ok(format!("a guest tried {tried} commands, all verbs in three ways: nothing changed"))
}

/// Presses nobody offered, of things nobody may do.
async fn buttons(scene: &mut Scene, random: &mut StdRng) -> Result<String, String> {
    let before = scene.commits()?;
    let real = scene.button_data()?;
    let mut pressed = 0;
    for _ in 0..40 {
        let data = match random.random_range(0..6) {
            // What the owner's own card carries.
            0 | 1 => real.choose(random).cloned().unwrap_or_default(),
            2 => "/done T1".to_owned(),
            3 => format!("\u{1}{}", random.random::<u64>()),
            4 => "x".repeat(random.random_range(0..5_000)),
            _ => {
                let mut data: Vec<char> = real.choose(random).cloned().unwrap_or_default().chars().collect();
                if let Some(at) = (!data.is_empty()).then(|| random.random_range(0..data.len())) {
                    data[at] = char::from(random.random_range(33..127));
                }
                data.into_iter().collect()
            }
        };
        pressed += scene.forge_presses(&data);
        scene.all_handed_over().await?;
    }
    scene.answers().await?;
    let after = scene.commits()?;
    if before.len() != after.len() {
        return Err(format!("a forged press changed something: {:?}", &after[before.len()..]));
    }
    // And yoman hears what comes next.
    scene.owner_says("/todo After the forged presses").await?;
    Ok(format!("{pressed} forged presses by strangers and a guest: nothing changed"))
}

/// Text that must stay text, in rooms of every platform.
async fn tricks(scene: &mut Scene) -> Result<String, String> {
    scene.everybody_follows().await?;
    for trick in TRICKS {
        for verb in ["/todo", "/idea", "/note T1"] {
            scene.owner_says(&format!("{verb} {trick}")).await?;
        }
    }
    scene.odd_files().await?;
    for look in ["/board", "/list all", "/history T1", "/why T1", "/find everyone", "/mine", "/rooms", "/people"] {
        scene.owner_says(look).await?;
    }
    scene.answers().await?;
    // Rooms that follow are told behind the answers.
    soon(|| scene.shows_literally(&TRICKS).is_ok()).await;
    let messages = scene.pings_nobody()?;
    let literally = scene.shows_literally(&TRICKS)?;
    scene.nothing_outside()?;
    Ok(format!(
        "{} tricks as titles, ideas and notes: {messages} messages on three platforms ping nobody, {literally} are shown \
         letter for letter, the others' people and tags were taken for what they are",
        TRICKS.len()
    ))
}

/// Whether something is seen before patience ends.
async fn soon(look: impl FnMut() -> bool) -> bool {
    crate::wire::until(std::time::Duration::from_secs(120), look).await
}

/// How much was said and heard, for telling when all is quiet.
fn sent(wires: &[std::sync::Arc<dyn Wire>]) -> u64 {
    wires.iter().map(|wire| wire.counted().sent).sum()
}
