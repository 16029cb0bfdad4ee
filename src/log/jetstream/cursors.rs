//! How far each bot is, where NATS shows it: a consumer `cursor-<bot>` of the log's stream for which as many messages are pending as
//! the bot is behind. Nobody reads it. It is there for who watches (`nats consumer report`) and for what starts more nodes
//! when the lag grows; a bot that nobody runs falls behind there as well.

use async_nats::jetstream::{
    ErrorCode,
    consumer::{AckPolicy, DeliverPolicy, pull},
    context::ConsumerInfoErrorKind,
    stream::Stream,
};

use super::{Connection, standing::stream_name};

/// It is set anew when it is off by more: whoever watches asks for hundreds.
const OFF_MAX: u64 = 50;

/// Shows that a bot is `behind` by so many commits.
///
/// # Errors
/// Why it could not be shown; the next time may go better.
pub async fn show(connection: &Connection, bot: &str, behind: u64) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let name = format!("cursor-{bot}");
    let stream = connection.jetstream().get_stream(stream_name(&connection.settings().prefix)).await;
    let stream = stream.map_err(|error| text(&error))?;
    let newest = stream.cached_info().state.last_sequence;
    match stream.consumer_info(&name).await {
        Ok(info) if info.num_pending.abs_diff(behind) <= OFF_MAX => return Ok(()),
        // Its place is given to it when it is made.
        Ok(_) => {
            stream.delete_consumer(&name).await.map_err(|error| text(&error))?;
        }
        Err(error) if is_missing(&error.kind()) => {}
        Err(error) => return Err(text(&error)),
    }
    make(&stream, name, newest.saturating_sub(behind) + 1).await
}

fn is_missing(kind: &ConsumerInfoErrorKind) -> bool {
    match kind {
        ConsumerInfoErrorKind::NotFound => true,
        ConsumerInfoErrorKind::JetStream(error) => error.error_code() == ErrorCode::CONSUMER_NOT_FOUND,
        _ => false,
    }
}

async fn make(stream: &Stream, name: String, start_sequence: u64) -> Result<(), String> {
    let config = pull::Config {
        durable_name: Some(name),
        description: Some("yoman: how far the bot is behind; nobody reads it".to_owned()),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
        ack_policy: AckPolicy::None,
        headers_only: true,
        // Cheap: it is made anew within seconds when its server dies.
        num_replicas: 1,
        memory_storage: true,
        ..pull::Config::default()
    };
    match stream.create_consumer_strict(config).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use yoman_stand_ins::nats::Server;

    use super::super::NatsSettings;
    use super::*;

    /// What KEDA reads: the monitor's list of consumers.
    fn pending(server: &Server, bot: &str) -> Option<u64> {
        let answer = server.ask("/jsz?acc=$G&consumers=true&config=true").unwrap();
        let json: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
        let streams = json["account_details"][0]["stream_detail"].as_array()?.clone();
        let stream = streams.into_iter().find(|stream| stream["name"] == "yoman-log")?;
        let consumer =
            stream["consumer_detail"].as_array()?.iter().find(|it| it["name"] == format!("cursor-{bot}"))?.clone();
        consumer["num_pending"].as_u64()
    }

    /// The server counts what is pending a moment after it has taken it.
    async fn are_pending(server: &Server, bot: &str, count: u64) {
        let end = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        while pending(server, bot) != Some(count) {
            assert!(tokio::time::Instant::now() < end, "{count} expected of {bot}, not {:?}", pending(server, bot));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn as_many_are_pending_as_the_bot_is_behind() {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(dir.path()).unwrap();
        let settings = NatsSettings {
            servers: vec![server.url()],
            prefix: "yoman".into(),
            replicas: 1,
            ..NatsSettings::default()
        };
        let connection = Connection::open(settings).await.unwrap();
        assert!(show(&connection, "telegram", 0).await.is_err(), "there is no log yet");
        let config = super::super::check::config("yoman", 1, std::time::Duration::from_secs(120));
        connection.jetstream().create_stream(config).await.unwrap();
        let said = async |count: usize| {
            for _ in 0..count {
                connection.jetstream().publish("yoman.log.todo/1", "x".into()).await.unwrap().await.unwrap();
            }
        };
        said(300).await;
        for behind in [300, 200, 0, 120] {
            show(&connection, "telegram", behind).await.unwrap();
            are_pending(&server, "telegram", behind).await;
        }
        // Nobody runs it: it falls behind. A little off is left as it is.
        said(30).await;
        are_pending(&server, "telegram", 150).await;
        show(&connection, "telegram", 120).await.unwrap();
        are_pending(&server, "telegram", 150).await;
        show(&connection, "slack-work", 330).await.unwrap();
        are_pending(&server, "slack-work", 330).await;
        are_pending(&server, "telegram", 150).await;
    }
}
