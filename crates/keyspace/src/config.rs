//! The configuration: what CONFIG GET and CONFIG SET know, and what the engine acts on.
//!
//! Every parameter has its text, as CONFIG GET answers it. Those that the engine acts on have a
//! field of their own besides, which [`Config::set_all`] keeps to the text.

mod check;
mod parameters;

use crate::client_memory::ClientsLimit;
use crate::eviction::Policy;
use crate::notify::Class;
use crate::output_limit::OutputLimits;
use crate::usage::{Measure, Pace};
use crate::value::{
    IdempotencyLimits, ListpackLimits, Map, SetLimits, StreamLimits, canonical_integer,
};
use parameters::PARAMETERS;

/// The settings.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Whether a new user, or a new selector, reaches all channels.
    pub acl_pubsub_default: bool,
    /// How many entries the log of ACL LOG holds.
    pub acllog_max_len: usize,
    pub busy_reply_threshold_ms: i64,
    /// How often a second Redis would look at its clients.
    pub hz: i64,
    pub requirepass: Vec<u8>,
    pub notify_keyspace_events: Class,
    /// The most bytes that a client may have sent without their being run.
    pub client_query_buffer_limit: usize,
    /// What a client may leave unread.
    pub output_limits: OutputLimits,
    /// After how many seconds an idle client is closed; 0 is never.
    pub timeout_secs: i64,
    pub maxclients: usize,
    /// What all clients together may take.
    pub maxmemory_clients: ClientsLimit,
    /// The most bytes of data; 0 is no limit.
    pub maxmemory: u64,
    /// Which keys give way at the limit; none where it is `noeviction`.
    pub maxmemory_policy: Option<Policy>,
    /// How the counters of `lfu` policies move.
    pub lfu_pace: Pace,
    /// How many keys are compared to find the one that gives way.
    pub maxmemory_samples: usize,
    /// The most bytes of an argument, and of a string value.
    pub proto_max_bulk_len: usize,
    /// Whether strings are compressed by DUMP.
    pub rdb_compression: bool,
    pub hash_max_listpack_entries: usize,
    pub hash_max_listpack_value: usize,
    /// The bytes up to which a HyperLogLog may be sparse.
    pub hll_sparse_max_bytes: usize,
    /// How many milliseconds an event takes that the latency monitor notes; 0 for none.
    pub latency_monitor_threshold: u64,
    /// Whether the times of commands are spread in histograms.
    pub latency_tracking: bool,
    /// Elements of a list node if positive; -1 to -5 are 4, 8, 16, 32, 64 KiB.
    pub list_max_listpack_size: i64,
    pub set_max_intset_entries: usize,
    pub set_max_listpack_entries: usize,
    pub set_max_listpack_value: usize,
    /// Without so many replicas, of which there are none, nothing is written; 0 is no such demand.
    pub min_replicas_to_write: i64,
    /// How many seconds a replica may lag behind to count; 0 is no demand for replicas at all.
    pub min_replicas_max_lag: i64,
    /// How many microseconds a call takes that is logged as slow; negative for none.
    pub slowlog_log_slower_than: i64,
    pub slowlog_max_len: usize,
    /// What divides a stream into nodes; 0 for no limit.
    pub stream_node_max_bytes: usize,
    pub stream_node_max_entries: usize,
    /// How long and how many message ids of a producer a new stream remembers.
    pub stream_idmp_duration: i64,
    pub stream_idmp_maxsize: usize,
    /// How many keys may be remembered for clients that track; 0 is no limit.
    pub tracking_table_max_keys: usize,
    pub zset_max_listpack_entries: usize,
    pub zset_max_listpack_value: usize,
    /// The texts that differ from the defaults, by a parameter's own name.
    texts: Map<&'static str, Vec<u8>>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            acl_pubsub_default: false,
            acllog_max_len: 128,
            busy_reply_threshold_ms: 5000,
            hz: 10,
            requirepass: Vec::new(),
            notify_keyspace_events: Class::NONE,
            client_query_buffer_limit: 1 << 30,
            output_limits: OutputLimits::default(),
            timeout_secs: 0,
            maxclients: 10_000,
            maxmemory_clients: ClientsLimit::Bytes(0),
            maxmemory: 0,
            maxmemory_policy: None,
            lfu_pace: Pace { log_factor: 10, decay_minutes: 1 },
            maxmemory_samples: 5,
            proto_max_bulk_len: 512 * 1024 * 1024,
            rdb_compression: true,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            hll_sparse_max_bytes: 3000,
            latency_monitor_threshold: 0,
            latency_tracking: true,
            list_max_listpack_size: -2,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            min_replicas_to_write: 0,
            min_replicas_max_lag: 10,
            slowlog_log_slower_than: 10_000,
            slowlog_max_len: 128,
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
            stream_idmp_duration: 100,
            stream_idmp_maxsize: 100,
            tracking_table_max_keys: 1_000_000,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            texts: Map::default(),
        }
    }
}

/// Why a setting was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such parameter.
    Unknown(Vec<u8>),
    /// The parameter and what is wrong. It is written as the client did where it cannot be set
    /// at all, and as in the table where the value does not fit.
    Invalid(Vec<u8>, String),
}

impl Config {
    /// The settings with which an engine starts.
    pub fn new(requirepass: &[u8], port: u16) -> Config {
        let mut config = Config::default();
        config.store("requirepass", requirepass.to_vec());
        config.store("port", port.to_string().into_bytes());
        config
    }

    /// Every name that CONFIG GET knows, old names included, and whether patterns find it.
    pub fn names() -> impl Iterator<Item = (&'static str, bool)> {
        PARAMETERS.iter().flat_map(|parameter| {
            let is_listed = parameter.access != Access::Unlisted;
            parameter.names().map(move |name| (name, is_listed))
        })
    }

    /// A parameter's text, by its name or its old name; empty where there is no such parameter.
    pub fn value(&self, name: &str) -> &[u8] {
        let Some((parameter, _)) = find(name.as_bytes()) else {
            return b"";
        };
        self.texts.get(parameter.name).map_or(parameter.default.as_bytes(), Vec::as_slice)
    }

    /// Whether nobody who watches commands must see the values of a parameter.
    pub fn is_secret(name: &[u8]) -> bool {
        find(name).is_some_and(|(parameter, _)| parameter.is_secret)
    }

    /// Sets all pairs of names and values, or none.
    pub fn set_all(&mut self, pairs: &[(&[u8], &[u8])]) -> Result<(), Refused> {
        let mut seen: Vec<&'static str> = Vec::new();
        for (typed, _) in pairs {
            let (parameter, name) = find(typed).ok_or_else(|| Refused::Unknown(typed.to_vec()))?;
            let refused = |why: &str| Err(Refused::Invalid(typed.to_vec(), why.to_owned()));
            match parameter.access {
                Access::Immutable => return refused("can't set immutable config"),
                Access::Protected => return refused("can't set protected config"),
                _ if seen.contains(&name) => return refused("duplicate parameter"),
                Access::Mutable | Access::Unlisted => seen.push(name),
            }
        }
        let mut changed = self.clone();
        for (name, value) in pairs {
            let (parameter, name) = find(name).expect("every name was found above");
            let text = parameter.kind.check(&changed, value);
            let text = text.map_err(|why| Refused::Invalid(name.into(), why))?;
            changed.store(parameter.name, text);
        }
        *self = changed;
        Ok(())
    }

    /// What counts as use of a key.
    pub fn measure(&self) -> Measure {
        self.maxmemory_policy.map_or(Measure::Access, Policy::measure)
    }

    /// What keeps a hash a listpack.
    pub fn hash_limits(&self) -> ListpackLimits {
        ListpackLimits {
            entries: self.hash_max_listpack_entries,
            value_bytes: self.hash_max_listpack_value,
        }
    }

    /// Whether nothing may be written as there are no replicas.
    pub fn lacks_replicas(&self) -> bool {
        self.min_replicas_to_write > 0 && self.min_replicas_max_lag > 0
    }

    /// What keeps a set an intset or a listpack.
    pub fn set_limits(&self) -> SetLimits {
        SetLimits {
            intset_entries: self.set_max_intset_entries,
            listpack: ListpackLimits {
                entries: self.set_max_listpack_entries,
                value_bytes: self.set_max_listpack_value,
            },
        }
    }

    /// What divides a stream into nodes.
    pub fn stream_limits(&self) -> StreamLimits {
        StreamLimits {
            node_bytes: self.stream_node_max_bytes,
            node_entries: self.stream_node_max_entries,
        }
    }

    /// What a new stream remembers of its producers.
    pub fn idempotency_limits(&self) -> IdempotencyLimits {
        IdempotencyLimits {
            duration_secs: self.stream_idmp_duration,
            max_size: self.stream_idmp_maxsize,
        }
    }

    /// What keeps a sorted set a listpack.
    pub fn zset_limits(&self) -> ListpackLimits {
        ListpackLimits {
            entries: self.zset_max_listpack_entries,
            value_bytes: self.zset_max_listpack_value,
        }
    }

    /// Takes a text that fits the parameter.
    fn store(&mut self, name: &'static str, text: Vec<u8>) {
        let parameter = PARAMETERS.iter().find(|parameter| parameter.name == name);
        if let Some(act) = parameter.and_then(|parameter| parameter.act) {
            act(self, &text);
        }
        self.texts.insert(name, text);
    }
}

/// The parameter of that name in any case, and the name as it is written in the table.
fn find(name: &[u8]) -> Option<(&'static Parameter, &'static str)> {
    let named = |&known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
    PARAMETERS.iter().find_map(|parameter| Some((parameter, parameter.names().find(named)?)))
}

/// A row of the table of parameters.
#[derive(Debug)]
struct Parameter {
    name: &'static str,
    /// The name before Redis renamed it, or empty.
    old_name: &'static str,
    kind: Kind,
    default: &'static str,
    access: Access,
    is_secret: bool,
    act: Option<fn(&mut Config, &[u8])>,
}

/// Who may set a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Mutable,
    /// Patterns of CONFIG GET do not find it.
    Unlisted,
    /// Only the host, when the engine starts.
    Immutable,
    /// It concerns files of a server.
    Protected,
}

impl Parameter {
    const fn new(name: &'static str, kind: Kind, default: &'static str) -> Parameter {
        Parameter {
            name,
            old_name: "",
            kind,
            default,
            access: Access::Mutable,
            is_secret: false,
            act: None,
        }
    }

    const fn boolean(name: &'static str, default: &'static str) -> Parameter {
        Parameter::new(name, Kind::Boolean, default)
    }

    const fn integer(name: &'static str, min: i64, max: i64, default: &'static str) -> Parameter {
        Parameter::new(name, Kind::Integer { min, max }, default)
    }

    const fn memory(name: &'static str, min: i64, max: i64, default: &'static str) -> Parameter {
        Parameter::new(name, Kind::Memory { min, max }, default)
    }

    const fn memory_or_percent(name: &'static str, default: &'static str) -> Parameter {
        Parameter::new(name, Kind::MemoryOrPercent, default)
    }

    const fn choice(
        name: &'static str,
        choices: &'static [&'static str],
        default: &'static str,
    ) -> Parameter {
        Parameter::new(name, Kind::Choice(choices), default)
    }

    const fn text(name: &'static str, default: &'static str) -> Parameter {
        Parameter::new(name, Kind::Text, default)
    }

    const fn checked(name: &'static str, check: Check, default: &'static str) -> Parameter {
        Parameter::new(name, Kind::Checked(check), default)
    }

    const fn alias(self, old_name: &'static str) -> Parameter {
        Parameter { old_name, ..self }
    }

    const fn immutable(self) -> Parameter {
        Parameter { access: Access::Immutable, ..self }
    }

    const fn protected(self) -> Parameter {
        Parameter { access: Access::Protected, ..self }
    }

    const fn unlisted(self) -> Parameter {
        Parameter { access: Access::Unlisted, ..self }
    }

    const fn secret(self) -> Parameter {
        Parameter { is_secret: true, ..self }
    }

    /// The engine acts on it: `act` sets its field from a text that fits.
    const fn acts(self, act: fn(&mut Config, &[u8])) -> Parameter {
        Parameter { act: Some(act), ..self }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.name, self.old_name].into_iter().filter(|name| !name.is_empty())
    }
}

/// Reads a value of a parameter with a form of its own, and returns how it is printed back.
type Check = fn(&Config, &[u8]) -> Result<Vec<u8>, &'static str>;

/// What a parameter takes.
#[derive(Debug)]
enum Kind {
    Boolean,
    Integer { min: i64, max: i64 },
    Memory { min: i64, max: i64 },
    MemoryOrPercent,
    Choice(&'static [&'static str]),
    Text,
    Checked(Check),
}

impl Kind {
    /// The text that CONFIG GET answers once `value` is set, or what is wrong with it.
    fn check(&self, config: &Config, value: &[u8]) -> Result<Vec<u8>, String> {
        match *self {
            Kind::Text => Ok(value.to_vec()),
            Kind::Checked(check) => check(config, value).map_err(str::to_owned),
            Kind::Boolean => match value.to_ascii_lowercase() {
                value if value == b"yes" || value == b"no" => Ok(value),
                _ => Err("argument must be 'yes' or 'no'".to_owned()),
            },
            Kind::Choice(choices) => {
                let matches = |choice: &&&str| choice.as_bytes().eq_ignore_ascii_case(value);
                match choices.iter().find(matches) {
                    Some(choice) => Ok(choice.as_bytes().to_vec()),
                    None => Err(format!(
                        "argument(s) must be one of the following: {}",
                        choices.join(", ")
                    )),
                }
            }
            Kind::Integer { min, max } => {
                let number = canonical_integer(value)
                    .ok_or("argument couldn't be parsed into an integer")?;
                in_range(number, min, max)
            }
            Kind::Memory { min, max } => {
                let number = read_memory(value).ok_or("argument must be a memory value")?;
                in_range(number, min, max)
            }
            Kind::MemoryOrPercent => {
                if let Some(percent) = value.strip_suffix(b"%").and_then(canonical_integer) {
                    return match percent {
                        0 => Ok(b"0".to_vec()),
                        1..=100 => Ok(value.to_vec()),
                        101.. => Err("percentage argument must be less or equal to 100".to_owned()),
                        _ => Err("argument must be a memory or percent value".to_owned()),
                    };
                }
                let number =
                    read_memory(value).ok_or("argument must be a memory or percent value")?;
                in_range(number, 0, i64::MAX)
            }
        }
    }
}

fn in_range(number: impl Into<i128>, min: i64, max: i64) -> Result<Vec<u8>, String> {
    let number = number.into();
    if number < i128::from(min) || number > i128::from(max) {
        return Err(format!("argument must be between {min} and {max} inclusive"));
    }
    Ok(number.to_string().into_bytes())
}

/// An amount of memory: digits and a unit (`b`, `k`, `kb`, `m`, `mb`, `g`, `gb`) in any case;
/// `k` is 1000 and `kb` 1024. No digits are 0, and too many as much as there can be.
pub(crate) fn read_memory(value: &[u8]) -> Option<u64> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, unit) = value.split_at(digits);
    let factor = match &*unit.to_ascii_lowercase() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let step =
        |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, step).saturating_mul(factor))
}

/// The integer of a text that was checked.
fn integer(text: &[u8]) -> i64 {
    canonical_integer(text).unwrap_or_default()
}

/// The size of a text that was checked; what no memory can hold is the most there is.
fn size(text: &[u8]) -> usize {
    usize::try_from(integer(text)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_hold_what_the_table_says() {
        let mut config = Config::default();
        let default = format!("{config:?}");
        for parameter in PARAMETERS {
            if let Some(act) = parameter.act {
                act(&mut config, parameter.default.as_bytes());
            }
        }
        assert_eq!(format!("{config:?}"), default);
    }

    #[test]
    fn the_table_is_sorted_and_every_default_fits() {
        assert!(PARAMETERS.is_sorted_by_key(|parameter| parameter.name));
        let config = Config::default();
        for parameter in PARAMETERS {
            let text = parameter.kind.check(&config, parameter.default.as_bytes());
            assert_eq!(text.as_deref(), Ok(parameter.default.as_bytes()), "{}", parameter.name);
        }
    }

    #[test]
    fn memory_reads_with_its_units() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("10b", Some(10)),
            ("1k", Some(1000)),
            ("1KB", Some(1024)),
            ("2Gb", Some(2 << 30)),
            ("", Some(0)),
            ("kb", Some(0)),
            ("-1", None),
            ("1.5gb", None),
            ("1tb", None),
            ("99999999999gb", Some(u64::MAX)),
        ] {
            assert_eq!(read_memory(text.as_bytes()), bytes, "{text:?}");
        }
    }
}
