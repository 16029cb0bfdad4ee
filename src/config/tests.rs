//! The shipped file equals the defaults; wrong settings are explained, all at once, without secrets.

use std::{collections::BTreeSet, ffi::OsString, fs, path::PathBuf};

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::new(pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))), None)
}

/// Loads a file with `text` under `variables`.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("y.toml");
    fs::write(&path, text).unwrap();
    let flags = Flags { file: Some(path), ..Flags::default() };
    Config::load(&flags, &environment(variables)).map_err(|mut error| {
        for problem in &mut error.problems {
            problem.at = problem.at.replace(&format!("{}/", dir.path().display()), "");
        }
        error
    })
}

fn problems(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).unwrap_err().to_string()
}

fn shipped() -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(FILE_DEFAULT)).unwrap()
}

#[test]
fn the_shipped_file_says_what_the_defaults_are() {
    let from_file = load(&shipped(), &[]).unwrap();
    let built_in = Config::load(&Flags { file: None, ..Flags::default() }, &environment(&[]));
    let built_in = built_in.unwrap();
    assert_eq!(from_file.data_dir, built_in.data_dir);
    assert_eq!(from_file.log, built_in.log);
    assert_eq!(from_file.rooms, built_in.rooms);
    assert_eq!(from_file.notify, built_in.notify);
    assert_eq!(from_file.reports, built_in.reports);
    assert_eq!(from_file.tracing, built_in.tracing);
    assert_eq!(from_file.runtime, built_in.runtime);
    assert_eq!(from_file.stop, built_in.stop);
    assert_eq!(from_file.nodes, built_in.nodes);
    // It holds secrets and so has no `==`.
    assert_eq!(format!("{:?}", from_file.nats), format!("{:?}", built_in.nats));
    // The bots hold secrets and so have no `==`; their Debug shows every setting.
    assert_eq!(format!("{:?}", from_file.bots), format!("{:?}", built_in.bots));
}

#[test]
fn the_shipped_file_lists_every_setting() {
    let text = shipped();
    let document = toml::de::DeTable::parse(&text).unwrap();
    let mut listed = BTreeSet::new();
    for (key, value) in document.get_ref() {
        let Some(section) = value.get_ref().as_table() else {
            listed.insert(key.get_ref().to_string());
            continue;
        };
        for (inner, value) in section {
            match value.get_ref().as_table() {
                Some(bot) => {
                    let keys = bot
                        .keys()
                        .map(|setting| format!("{}.{}.{}", key.get_ref(), inner.get_ref(), setting.get_ref()));
                    listed.extend(keys);
                }
                None => {
                    listed.insert(format!("{}.{}", key.get_ref(), inner.get_ref()));
                }
            }
        }
    }
    let mut known: BTreeSet<String> = settings::TABLE.iter().map(|entry| entry.key.to_owned()).collect();
    for (name, bot) in bots::defaults() {
        known.insert(format!("bots.{name}.platform"));
        known.extend(bot.keys().map(|key| format!("bots.{name}.{key}")));
    }
    assert_eq!(listed, known);
}

#[test]
fn every_setting_in_the_shipped_file_has_its_reason() {
    let text = shipped();
    let lines: Vec<&str> = text.lines().collect();
    let bare: Vec<&str> = lines
        .windows(2)
        .filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#') && !pair[1].starts_with("platform"))
        .filter(|pair| !pair[0].starts_with('#'))
        .map(|pair| pair[1])
        .collect();
    assert!(bare.is_empty(), "no reason above: {bare:?}");
}

#[test]
fn every_section_is_known_once() {
    let sections: Vec<_> = settings::sections().collect();
    let unique: BTreeSet<_> = sections.iter().collect();
    assert_eq!(sections.len(), unique.len(), "{sections:?}");
}

#[test]
fn wrong_settings_are_explained_all_at_once() {
    let text = "data_dri = \"x\"\n\n[log]\nfree_space_flor_mb = 3\ncache_mb = \"lots\"\njournal = 1\n[lgo]\n[rooms]\n\
                default_bucket = \"tdo\"\ntime_zone = \"Europe/Wien\"\n[bots.work]\n[bots.telegram]\ntoken = \"123:secret\"\n\
                [bots.x]\nplatform = \"telegramm\"\n";
    assert_eq!(
        problems(text, &[]),
        "y.toml:1:1: there is no section or setting `data_dri`; did you mean `data_dir`?\n\
         y.toml:4:1: there is no setting `free_space_flor_mb` in [log]; did you mean `free_space_floor_mb`?\n\
         y.toml:5:12: cache_mb: expected a whole number from 1 to 65536, not the text \"lots\"\n\
         y.toml:6:11: journal: expected true or false, not 1\n\
         y.toml:7:2: there is no section or setting `lgo`; did you mean `log`?\n\
         y.toml:9:18: default_bucket: expected \"idea\", \"research\", \"todo\" or \"pr\", not \"tdo\"; did you mean `todo`?\n\
         y.toml:10:13: time_zone: there is no time zone \"Europe/Wien\"; did you mean `Europe/Vienna`?\n\
         y.toml:11:7: [bots.work] needs a platform: platform = \"console\", \"discord\", \"slack\" or \"telegram\"\n\
         y.toml:13:1: `token` does not belong in this file: put it into the environment or a file of its own \
         (token_env, token_file)\n\
         y.toml:15:12: expected \"console\", \"discord\", \"slack\" or \"telegram\", not \"telegramm\"; did you mean `telegram`?"
    );
}

#[test]
fn syntax_errors_have_line_and_column_and_do_not_repeat_the_line() {
    let said = problems("[log]\njournal = true\n[bots.telegram]\ntoken = 123:secret\n", &[]);
    assert!(said.starts_with("y.toml:4:"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn the_environment_goes_before_the_file() {
    let config = load(
        "[log]\ncache_mb = 7\nlock_wait_ms = 20\n",
        &[
            ("YOMAN_LOG_CACHE_MB", "9"),
            ("YOMAN_DATA_DIR", "/d"),
            ("YOMAN_ROOMS_TIME_ZONE", "asia/seoul"),
            ("YOMAN_STOP_GRACE_S", ""),
        ],
    )
    .unwrap();
    assert_eq!((config.log.cache_mb, config.log.lock_wait_ms, config.stop.grace_s), (9, 20, 5));
    assert_eq!(config.data_dir, PathBuf::from("/d"));
    assert_eq!(config.rooms.zone(), chrono_tz::Asia::Seoul);
}

#[test]
fn unknown_and_wrong_variables_stop_the_start() {
    assert_eq!(
        problems("", &[("YOMAN_LOG_CACHEMB", "1"), ("YOMAN_LOG_JOURNAL", "maybe"), ("OTHER_LOG_CACHE_MB", "x")]),
        "YOMAN_LOG_CACHEMB: there is no such setting; did you mean `YOMAN_LOG_CACHE_MB`?\n\
         YOMAN_LOG_JOURNAL: expected true or false, not \"maybe\""
    );
}

#[test]
fn flags_go_before_all() {
    let flags = Flags { file: None, data_dir: Some("f".into()), log_format: Some(TracingFormat::Json) };
    let config = Config::load(&flags, &environment(&[("YOMAN_DATA_DIR", "e")])).unwrap();
    assert_eq!((config.data_dir, config.tracing.format), ("f".into(), TracingFormat::Json));
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let said = Config::load(&Flags::default(), &environment(&[("YOMAN_CONFIG", "no/such.toml")])).unwrap_err();
    assert!(said.to_string().starts_with("no/such.toml: cannot be read"), "{said}");
}

fn on(config: &Config) -> Vec<&str> {
    config.bots.iter().filter(|(_, bot)| bot.on).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_bot_with_a_token_runs_and_the_console_when_it_is_of_use() {
    assert_eq!(on(&load("", &[]).unwrap()), ["console"]);
    let token = ("TELEGRAM_BOT_TOKEN", "1:a");
    assert_eq!(on(&load("", &[token]).unwrap()), ["telegram"]);
    assert_eq!(on(&load("[bots.console]\nenabled = true", &[token]).unwrap()), ["console", "telegram"]);
    assert_eq!(on(&load("[bots.telegram]\nenabled = false", &[token]).unwrap()), ["console"]);
    let mut typed = environment(&[token]);
    typed.stdin_is_terminal = true;
    assert_eq!(on(&Config::load(&Flags::default(), &typed).unwrap()), ["console", "telegram"]);
    let none = load("[bots.console]\nenabled = false", &[]).unwrap();
    assert!(on(&none).is_empty() && none.warnings.len() == 1);
}

#[test]
fn several_bots_of_one_platform() {
    let text = "[bots.telegram-work]\nplatform = \"telegram\"\ntoken_env = \"WORK\"\n";
    let config = load(text, &[("WORK", "2:b"), ("TELEGRAM_API_URL", "http://127.0.0.1:9/")]).unwrap();
    assert_eq!(on(&config), ["telegram-work"]);
    let Platform::Telegram(bot) = &config.bots["telegram-work"].platform else { panic!("not telegram") };
    assert_eq!(bot.api_url, "http://127.0.0.1:9");
    assert_eq!(bot.token.as_ref().unwrap().expose(), "2:b");
    assert!(config.warnings.is_empty());
    assert!(!format!("{config:?}").contains("2:b"), "a token is never shown");

    let said = problems(text, &[("WORK", "2:b"), ("TELEGRAM_BOT_TOKEN", "2:b")]);
    assert_eq!(said, "bots.telegram-work: has the same token as bots.telegram: only one can use it");
}

#[test]
fn a_bot_can_come_from_the_environment_alone() {
    let variables = [("YOMAN_BOTS_TEAM_A_PLATFORM", "telegram"), ("YOMAN_BOTS_TEAM_A_TOKEN_ENV", "A"), ("A", "3:c")];
    assert_eq!(on(&load("", &variables).unwrap()), ["team-a"]);
}

#[test]
fn tokens_that_are_missing_or_none_are_refused_without_being_shown() {
    assert_eq!(
        problems("[bots.telegram]\nenabled = true", &[]),
        "bots.telegram: is enabled and has no token: set TELEGRAM_BOT_TOKEN or token_file"
    );
    let said = problems("", &[("TELEGRAM_BOT_TOKEN", "12 hush")]);
    assert!(said.starts_with("TELEGRAM_BOT_TOKEN: is no token") && !said.contains("hush"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_token_file_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    fs::write(&path, "4:d\n").unwrap();
    let text = format!("[bots.telegram]\ntoken_file = {:?}\n", path.display().to_string());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let said = problems(&text, &[]);
    assert!(said.contains("(mode 644): chmod 600") && !said.contains("4:d"), "{said}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(on(&load(&text, &[]).unwrap()), ["telegram"]);
}

#[test]
fn a_webhook_needs_all_of_its_parts() {
    let text = "[bots.telegram]\nwebhook_url = \"https://x.test/hook\"\n";
    let said = problems(text, &[("TELEGRAM_BOT_TOKEN", "1:a")]);
    assert!(said.contains("needs a secret in TELEGRAM_WEBHOOK_SECRET"), "{said}");
    let config = load(text, &[("TELEGRAM_BOT_TOKEN", "1:a"), ("TELEGRAM_WEBHOOK_SECRET", "s-1")]).unwrap();
    let Platform::Telegram(bot) = &config.bots["telegram"].platform else { panic!("not telegram") };
    assert_eq!(bot.webhook.as_ref().unwrap().listen.port(), 8443);
}

#[test]
fn a_discord_bot_is_set_up() {
    let variables = [("DISCORD_BOT_TOKEN", "MTA.x.y"), ("DISCORD_API_URL", "http://127.0.0.1:9/")];
    let config = load("[bots.discord]\nguild = \"42\"\ncommands = \"yoman\"\n", &variables).unwrap();
    assert_eq!(on(&config), ["discord"]);
    let Platform::Discord(bot) = &config.bots["discord"].platform else { panic!("not discord") };
    assert_eq!((bot.api_url.as_str(), bot.guild_id, bot.listen), ("http://127.0.0.1:9/api/v10", Some(42), None));
    assert!(!format!("{config:?}").contains("MTA.x.y"), "a token is never shown");

    let text = "[bots.discord]\nguild = \"app\"\ncommands = \"frequnt\"\ninteractions_listen = \"8444\"\n";
    assert_eq!(
        problems(text, &variables),
        "bots.discord.guild: expected the number of a server (right click on it, Copy Server ID), or nothing\n\
         bots.discord.commands: expected \"both\", \"frequent\", \"yoman\" or \"off\", not \"frequnt\"; did you mean `frequent`?\n\
         bots.discord.interactions_listen: expected an address and a port like 127.0.0.1:8444, not \"8444\"\n\
         bots.discord.public_key: needs the application's public key: 64 digits, in the developer portal under General \
         Information"
    );
}

#[test]
fn the_env_file_fills_what_is_not_set_and_never_shows_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".env");
    fs::write(&path, "A=file\nB=file\n# no\nC=\"with space\"\n").unwrap();
    let real = [(OsString::from("A"), OsString::from("real"))];
    let environment = Environment::new(real.clone(), Some(&path));
    assert_eq!(
        (environment.get("A"), environment.get("B"), environment.get("C")),
        (Some("real"), Some("file"), Some("with space"))
    );
    assert!(!format!("{environment:?}").contains("file"));

    fs::write(&path, "A=1\nTOKEN hush hush\n").unwrap();
    let said = Config::load(&Flags::default(), &Environment::new(real, Some(&path))).unwrap_err().to_string();
    assert!(said.contains(".env:2: is no line") && !said.contains("hush"), "{said}");
}

#[test]
fn slack_is_reached_by_socket_or_by_http() {
    let bot = ("SLACK_BOT_TOKEN", "xoxb-1");
    let slack = |text: &str, variables: &[(&str, &str)]| {
        let config = load(text, variables).unwrap();
        assert!(on(&config).contains(&"slack"), "{:?}", on(&config));
        let Platform::Slack(bot) = config.bots["slack"].platform.clone() else { panic!("not slack") };
        bot
    };
    let socket = slack("", &[bot, ("SLACK_APP_TOKEN", "xapp-1"), ("SLACK_API_URL", "http://127.0.0.1:9/api/")]);
    assert_eq!((socket.way, socket.api_url.as_str()), (Some(super::SlackWay::Socket), "http://127.0.0.1:9/api"));
    let http = slack("", &[bot, ("SLACK_SIGNING_SECRET", "s")]);
    assert_eq!(http.way, Some(super::SlackWay::Http("127.0.0.1:8444".parse().unwrap())));
    let both =
        slack("[bots.slack]\nmode = \"http\"\n", &[bot, ("SLACK_SIGNING_SECRET", "s"), ("SLACK_APP_TOKEN", "xapp-1")]);
    assert!(matches!(both.way, Some(super::SlackWay::Http(_))));
    let said = problems("", &[bot]);
    assert_eq!(
        said,
        "bots.slack: cannot be reached: set SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET for HTTP mode"
    );
    let said = problems("", &[("SLACK_BOT_TOKEN", "hush"), ("SLACK_APP_TOKEN", "xapp-1")]);
    assert!(said.contains("is no bot token") && !said.contains("hush"), "{said}");
    let said = problems("[bots.slack]\ncommand = \"/y\"\nmode = \"x\"\n", &[bot, ("SLACK_APP_TOKEN", "xapp-1")]);
    assert!(said.contains("slash command") && said.contains("\"socket\""), "{said}");
}

#[test]
fn where_nats_is_can_be_said_in_file_and_environment() {
    let text = "[log]\nengine = \"jetstream\"\n[nats]\nservers = [\"nats://a:4222\", \"tls://b\"]\nuser = \"yoman\"\n";
    let config = load(text, &[("NATS_PASSWORD", "hunter2"), ("YOMAN_NATS_PREFIX", "work")]).unwrap();
    assert_eq!(config.log.engine, Engine::JetStream);
    assert_eq!(
        (config.nats.servers.join(" "), config.nats.prefix.as_str()),
        ("nats://a:4222 tls://b".to_owned(), "work")
    );
    let shown = format!("{:?} {:?}", config.nats, config.nats.settings());
    assert!(!shown.contains("hunter2"), "{shown}");
    let config = load("", &[("YOMAN_NATS_SERVERS", "a:1, b:2"), ("YOMAN_LOG_ENGINE", "jetstream")]).unwrap();
    assert_eq!(config.nats.servers, ["a:1", "b:2"]);
}

#[test]
fn wrong_settings_of_nats_are_explained_without_secrets() {
    let text = "[log]\nengine = \"jetstreem\"\n[nats]\nservers = [1]\n";
    assert_eq!(
        problems(text, &[]),
        "y.toml:2:10: engine: expected \"sled\" or \"jetstream\", not the text \"jetstreem\"\n\
         y.toml:4:11: servers: expected a list of texts: [\"one\", \"two\"], not a value of type array"
    );
    let text = "[log]\nengine = \"jetstream\"\n[nats]\nservers = [\"nats://me:hunter2@host\", \"http://x\"]\nprefix = \"a.b\"\n\
                replicas = 2\ntls_key_file = \"key.pem\"\ncreds_file = \"y.creds\"\n";
    assert_eq!(
        problems(text, &[("NATS_TOKEN", "hunter2"), ("NATS_PASSWORD", "hunter2")]),
        "nats.prefix: expected 1 to 32 lower case letters, digits and -, not \"a.b\"\n\
         nats.replicas: expected 1, 3 or 5, not 2\n\
         nats.servers: holds a name or a password: set user, and NATS_PASSWORD in the environment\n\
         nats.servers: \"http://x\" is no address like nats://127.0.0.1:4222\n\
         nats.tls_cert_file: belongs together with nats.tls_key_file: set both or neither\n\
         nats: NATS_TOKEN and nats.creds_file are set: one says who we are, leave the others empty\n\
         NATS_PASSWORD: is set without a user: set nats.user too"
    );
}
