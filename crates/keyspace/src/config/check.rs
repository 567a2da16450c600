//! Parameters with a form of their own: what each takes, and how it is printed back.

use super::{Config, read_memory};
use crate::args::parse_float;
use crate::notify::Class;
use crate::value::canonical_integer;

type Checked = Result<Vec<u8>, &'static str>;

/// `notify-keyspace-events`: letters.
pub(super) fn event_classes(_: &Config, value: &[u8]) -> Checked {
    let class =
        Class::parse(value).ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdnoc'.")?;
    Ok(class.letters().into_bytes())
}

/// `activedefrag`: there is no allocator that could be defragmented.
pub(super) fn active_defrag(_: &Config, value: &[u8]) -> Checked {
    match &*value.to_ascii_lowercase() {
        b"no" => Ok(b"no".to_vec()),
        b"yes" => Err(
            "Active defragmentation cannot be enabled: it requires a Redis server compiled with a \
             modified Jemalloc like the one shipped by default with the Redis source distribution",
        ),
        _ => Err("argument must be 'yes' or 'no'"),
    }
}

/// `cluster-announce-hostname`: a host's name, or nothing.
pub(super) fn hostname(_: &Config, value: &[u8]) -> Checked {
    if value.len() >= HOSTNAME_MAX_BYTES {
        return Err("Hostnames must be less than 256 characters");
    }
    if !value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte)) {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
    Ok(value.to_vec())
}

const HOSTNAME_MAX_BYTES: usize = 256;

/// `port`: where the server listens, which it goes on doing.
pub(super) fn port(config: &Config, value: &[u8]) -> Checked {
    let taken = "Unable to listen on this port. Check server logs.";
    same_port(config.value("port"), value, taken)
}

/// `tls-port`: nobody listens there.
pub(super) fn tls_port(config: &Config, value: &[u8]) -> Checked {
    let refused = "Unable to update TLS configuration. Check server logs.";
    same_port(config.value("tls-port"), value, refused)
}

fn same_port(current: &[u8], value: &[u8], refused: &'static str) -> Checked {
    let port = canonical_integer(value).ok_or("argument couldn't be parsed into an integer")?;
    match port {
        0..=65535 if current == value => Ok(value.to_vec()),
        0..=65535 => Err(refused),
        _ => Err("argument must be between 0 and 65535 inclusive"),
    }
}

/// `hz`: a number that is brought into its limits.
pub(super) fn hz(_: &Config, value: &[u8]) -> Checked {
    let hz = canonical_integer(value).ok_or("argument couldn't be parsed into an integer")?;
    if !(0..=i64::from(i32::MAX)).contains(&hz) {
        return Err("argument must be between 0 and 2147483647 inclusive");
    }
    Ok(hz.clamp(1, 500).to_string().into_bytes())
}

/// `key-memory-histograms`: as in Redis, they are kept from the start or not at all.
pub(super) fn memory_histograms(_: &Config, value: &[u8]) -> Checked {
    match &*value.to_ascii_lowercase() {
        b"no" => Ok(b"no".to_vec()),
        b"yes" => Err("can only be switched on when the server starts"),
        _ => Err("argument must be 'yes' or 'no'"),
    }
}

/// `repl-backlog-size`: an amount of memory that is not too small.
pub(super) fn backlog_size(_: &Config, value: &[u8]) -> Checked {
    let size = read_memory(value).ok_or("argument must be a memory value")?;
    if !(1..=i64::MAX.unsigned_abs()).contains(&size) {
        return Err("argument must be between 1 and 9223372036854775807 inclusive");
    }
    Ok(size.max(BACKLOG_MIN_BYTES).to_string().into_bytes())
}

const BACKLOG_MIN_BYTES: u64 = 16 * 1024;

/// `save`: pairs of seconds and changes.
pub(super) fn save(_: &Config, value: &[u8]) -> Checked {
    let numbers = separated(value, canonical_integer).ok_or("Invalid save parameters")?;
    let valid = |pair: &[i64]| matches!(pair, &[seconds, changes] if seconds >= 1 && changes >= 0);
    if !numbers.chunks(2).all(valid) {
        return Err("Invalid save parameters");
    }
    Ok(join(numbers))
}

/// `oom-score-adj-values`: three integers.
pub(super) fn oom_score_adj_values(_: &Config, value: &[u8]) -> Checked {
    if words(value).count() != 3 {
        return Err("wrong number of arguments");
    }
    let numbers = integers(value).filter(|all| all.iter().all(|n| (-2000..=2000).contains(n)));
    let numbers =
        numbers.ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")?;
    Ok(join(numbers))
}

/// `latency-tracking-info-percentiles`: numbers from 0 to 100.
pub(super) fn percentiles(_: &Config, value: &[u8]) -> Checked {
    let numbers = separated(value, parse_float)
        .ok_or("Invalid latency-tracking-info-percentiles parameters")?;
    if !numbers.iter().all(|number| (0.0..=100.0).contains(number)) {
        return Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    Ok(join(numbers))
}

/// `client-output-buffer-limit`: a class of clients with its hard limit, soft limit and seconds.
/// Classes that are not named keep their limits.
pub(super) fn output_buffer_limits(config: &Config, value: &[u8]) -> Checked {
    let wanted: Vec<&[u8]> = words(value).collect();
    if !wanted.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.");
    }
    let current = config.value("client-output-buffer-limit").to_vec();
    let mut limits: Vec<Vec<u8>> = words(&current).map(<[u8]>::to_vec).collect();
    for group in wanted.chunks_exact(4) {
        let class: &[u8] = match &*group[0].to_ascii_lowercase() {
            b"normal" => b"normal",
            b"slave" | b"replica" => b"slave",
            b"pubsub" => b"pubsub",
            _ => return Err("Invalid client class specified in buffer limit configuration."),
        };
        const INVALID: &str =
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        let seconds = canonical_integer(group[3]).and_then(|seconds| u64::try_from(seconds).ok());
        let numbers = [
            read_memory(group[1]).ok_or(INVALID)?,
            read_memory(group[2]).ok_or(INVALID)?,
            seconds.ok_or(INVALID)?,
        ];
        let at = limits.iter().position(|word| word == class);
        let at = at.expect("every class has its limits");
        for (slot, number) in limits[at + 1..].iter_mut().zip(numbers) {
            *slot = number.to_string().into_bytes();
        }
    }
    Ok(limits.join(&b' '))
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

/// What stands between single spaces; nothing at all is no element.
fn separated<T>(value: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Option<Vec<T>> {
    if value.is_empty() {
        return Some(Vec::new());
    }
    value.split(|byte| *byte == b' ').map(read).collect()
}

fn integers(value: &[u8]) -> Option<Vec<i64>> {
    words(value).map(canonical_integer).collect()
}

fn join(numbers: Vec<impl ToString>) -> Vec<u8> {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(" ").into_bytes()
}
