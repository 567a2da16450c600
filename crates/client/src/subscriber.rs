//! A client that listens to channels.

use crate::Client;
use redis::{Msg, RedisResult, ToRedisArgs, Value, cmd};

/// A client that listens. Messages wait in it until they are taken.
///
/// ```
/// use keyspace_client::{Keyspace, redis::TypedCommands};
///
/// # fn main() -> keyspace_client::redis::RedisResult<()> {
/// let keyspace = Keyspace::new();
/// let mut news = keyspace.subscriber();
/// news.psubscribe("news:*")?;
///
/// assert_eq!(keyspace.client().publish("news:rust", "1.95 is out")?, 1);
///
/// let message = news.next_message()?.expect("it was published");
/// assert_eq!(message.get_channel_name(), "news:rust");
/// assert_eq!(message.get_payload::<String>()?, "1.95 is out");
/// assert!(news.next_message()?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Subscriber {
    client: Client,
    messages: std::collections::VecDeque<Msg>,
}

impl Subscriber {
    pub(crate) fn new(client: Client) -> Subscriber {
        Subscriber { client, messages: std::collections::VecDeque::new() }
    }

    /// Listens to channels.
    ///
    /// # Errors
    /// The user may not, or the connection is closed.
    pub fn subscribe(&mut self, channels: impl ToRedisArgs) -> RedisResult<()> {
        self.say("SUBSCRIBE", channels)
    }

    /// Listens to all channels whose names match patterns.
    ///
    /// # Errors
    /// The user may not, or the connection is closed.
    pub fn psubscribe(&mut self, patterns: impl ToRedisArgs) -> RedisResult<()> {
        self.say("PSUBSCRIBE", patterns)
    }

    /// Listens to channels no longer; to none at all where none is named.
    ///
    /// # Errors
    /// The connection is closed.
    pub fn unsubscribe(&mut self, channels: impl ToRedisArgs) -> RedisResult<()> {
        self.say("UNSUBSCRIBE", channels)
    }

    /// Listens to patterns no longer; to none at all where none is named.
    ///
    /// # Errors
    /// The connection is closed.
    pub fn punsubscribe(&mut self, patterns: impl ToRedisArgs) -> RedisResult<()> {
        self.say("PUNSUBSCRIBE", patterns)
    }

    /// Takes the oldest message, or `None` where there is none.
    ///
    /// # Errors
    /// The connection is closed.
    pub fn next_message(&mut self) -> RedisResult<Option<Msg>> {
        self.collect()?;
        Ok(self.messages.pop_front())
    }

    fn say(&mut self, command: &str, names: impl ToRedisArgs) -> RedisResult<()> {
        self.client.send(cmd(command).arg(names))?;
        self.collect()
    }

    /// Keeps messages, and passes over what confirms a subscription.
    fn collect(&mut self) -> RedisResult<()> {
        while let Some(value) = self.client.reply::<Value>()? {
            self.messages.extend(Msg::from_owned_value(value));
        }
        Ok(())
    }
}
