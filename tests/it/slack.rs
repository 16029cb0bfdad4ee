//! The real program on Slack: what is said there comes to what it comes to everywhere, over a kill too.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use yoman_stand_ins::slack::{Press, Say, Shown, SlackStandIn, Slash};

/// How long anything that should happen may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// yoman as a child process. Dropping it kills it.
struct Yoman(Child);

impl Drop for Yoman {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(dir: &Path, slack: &SlackStandIn) -> Command {
    let app = slack.app();
    let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
    for (name, _) in std::env::vars_os() {
        // Settings of the machine's own yoman are not this one's.
        if name.to_string_lossy().starts_with("YOMAN_") {
            command.env_remove(name);
        }
    }
    command
        .env("SLACK_BOT_TOKEN", app.bot_token)
        .env("SLACK_APP_TOKEN", app.app_token)
        .env("SLACK_API_URL", slack.api_url())
        .env("YOMAN_DATA_DIR", dir.join("data"))
        .env("YOMAN_ROOMS_TIME_ZONE", "UTC")
        .current_dir(dir)
        .stdin(Stdio::null());
    command
}

fn start(dir: &Path, slack: &SlackStandIn) -> Yoman {
    let open = |name: &str| File::options().create(true).append(true).open(dir.join(name)).unwrap();
    Yoman(command(dir, slack).stdout(open("stdout")).stderr(open("stderr")).spawn().unwrap())
}

async fn claim_code(dir: PathBuf) -> String {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(dir.join("stdout")).unwrap_or_default();
        if let Some(code) = text.split_whitespace().skip_while(|word| *word != "/claim").nth(1) {
            return code.to_owned();
        }
        let said = fs::read_to_string(dir.join("stderr")).unwrap_or_default();
        assert!(tokio::time::Instant::now() < until, "no claim code: {text} {said}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn sees(slack: &SlackStandIn, channel: &str, text: &str) -> Shown {
    let found = slack.wait(PATIENCE, |s| s.shown(channel).into_iter().find(|m| m.text.contains(text))).await;
    let there: Vec<String> = slack.shown(channel).into_iter().map(|m| m.text).collect();
    found.unwrap_or_else(|| panic!("{text:?} is not among {there:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_on_slack_with_a_kill_in_it() {
    let dir = TempDir::new().unwrap();
    let slack = SlackStandIn::start().await.unwrap();
    let kim = slack.person("Kim");
    let im = slack.im(&kim);
    let yoman = start(dir.path(), &slack);
    let code = claim_code(dir.path().to_owned()).await;
    slack.write(&im, &kim, &format!("claim {code}")).unwrap();
    slack.wait_shown(&im, 1, PATIENCE).await;

    // What begins with a verb is a command: Slack's apps keep a leading slash for themselves.
    let ts = slack.write(&im, &kim, "todo Fix login & <b> #auth").unwrap();
    let card = sees(&slack, &im, "T1").await;
    assert!(card.text.contains("Fix login & <b>"), "{}", card.text);
    slack.change(&im, &ts, "todo Fix the login #auth").unwrap();
    sees(&slack, &im, "Fix the login").await;
    let slash = Slash { channel: im.clone(), user: kim.clone(), command: "/yoman".into(), text: "todo Ship it".into() };
    slack.slash(&slash).unwrap();
    sees(&slack, &im, "T2").await;

    // Killed; what is said meanwhile is heard afterwards, once.
    drop(yoman);
    slack.write(&im, &kim, "todo Said while it was off").unwrap();
    let mut yoman = start(dir.path(), &slack);
    sees(&slack, &im, "Said while it was off").await;
    assert!(slack.wait_acknowledged(PATIENCE).await);

    // A press changes the newest card of the item in place.
    let has_done = |m: &Shown| m.buttons.iter().flatten().any(|button| button.text == "Done");
    let card = slack.wait(PATIENCE, |s| s.shown(&im).into_iter().find(has_done)).await.expect("a card has buttons");
    slack.press(&Press { channel: im.clone(), user: kim.clone(), ts: card.ts.clone(), button: "Done".into() }).unwrap();
    let in_place = |m: &Shown| m.edited.is_some() && m.text.contains("T1 done");
    let changed = slack.wait(PATIENCE, |s| s.shown(&im).into_iter().find(in_place));
    assert!(changed.await.is_some(), "no card is edited: {:#?}", slack.shown(&im));

    // In a channel: silent until it is enabled, then answers stand in threads.
    let general =
        slack.add_channel(yoman_stand_ins::slack::NewChannel { name: "general".into(), ..Default::default() }, &[&kim]);
    let us = slack.app().bot_user;
    let mention = |text: &str, thread_ts: Option<String>| Say {
        channel: general.clone(),
        user: kim.clone(),
        text: format!("<@{us}> {text}"),
        raw: true,
        thread_ts,
        ..Say::default()
    };
    slack.say(mention("enable", None)).unwrap();
    slack.wait_shown(&general, 1, PATIENCE).await;
    let root = slack.say(mention("todo From the channel", None)).unwrap();
    let card = sees(&slack, &general, "From the channel").await;
    assert_eq!(card.thread_ts.as_ref(), Some(&root));
    slack.say(mention("done", Some(root.clone()))).unwrap();
    let done = slack.wait(PATIENCE, |s| {
        let after = s.shown(&general).into_iter().filter(|m| m.thread_ts.as_ref() == Some(&root));
        after.map(|m| m.text).find(|text| text.contains("done"))
    });
    assert!(done.await.is_some(), "the thread is about its card: {:#?}", slack.shown(&general));

    rustix::process::kill_process(rustix::process::Pid::from_child(&yoman.0), rustix::process::Signal::TERM).unwrap();
    assert!(yoman.0.wait().unwrap().success());
    let once = slack.shown(&im).into_iter().filter(|m| m.text.contains("Said while it was off")).count();
    assert_eq!(once, 1, "{:#?}", slack.shown(&im));
    let said = fs::read_to_string(dir.path().join("stderr")).unwrap();
    for secret in [slack.app().bot_token, slack.app().app_token, "ticket-".to_owned()] {
        assert!(!said.contains(&secret), "a secret was told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_each_scope_that_is_missing_and_the_manifest_has_them_all() {
    let dir = TempDir::new().unwrap();
    let slack = SlackStandIn::start().await.unwrap();
    slack.change_app(|app| {
        app.scopes.retain(|scope| scope != "files:write");
        app.socket_mode = false;
    });
    let doctor = command(dir.path(), &slack).args(["doctor", "--json"]).output().unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    for wanted in ["the bot token works", "the scope files:write is missing", "Socket Mode", "reinstall"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("xoxb-1111"), "{said}");
    let manifest = command(dir.path(), &slack).args(["slack", "manifest"]).output().unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest.stdout).unwrap();
    assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
    assert!(manifest["oauth_config"]["scopes"]["bot"].to_string().contains("files:write"));
    assert_eq!(manifest["features"]["slash_commands"][0]["command"], "/yoman");
}
