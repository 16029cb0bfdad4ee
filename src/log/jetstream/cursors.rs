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
        Ok(_) => drop(stream.delete_consumer(&name).await.map_err(|error| text(&error))?),
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
