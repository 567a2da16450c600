//! Parameters with a form of their own: what each takes, and how it is printed back.

use super::{Config, read_memory};
use crate::args::parse_float;
use crate::notify::Class;

type Checked = Result<Vec<u8>, &'static str>;

/// `notify-keyspace-events`: letters.
pub(super) fn event_classes(_: &Config, value: &[u8]) -> Checked {
    let class =
        Class::parse(value).ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdnoc'.")?;
    Ok(class.letters().into_bytes())
}

/// `save`: pairs of seconds and changes.
pub(super) fn save(_: &Config, value: &[u8]) -> Checked {
    let numbers = integers(value).ok_or("Invalid save parameters")?;
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
    let parsed: Option<Vec<f64>> = words(value).map(parse_float).collect();
    let numbers = parsed.ok_or("Invalid latency-tracking-info-percentiles parameters")?;
    if !numbers.iter().all(|number| (0.0..=100.0).contains(number)) {
        return Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    Ok(join(numbers))
}

/// `client-output-buffer-limit`: a class of clients with its hard limit, soft limit and seconds.
/// Classes that are not named keep their limits.
pub(super) fn output_buffer_limits(config: &Config, value: &[u8]) -> Checked {
    let wanted: Vec<&[u8]> = words(value).collect();
    if wanted.is_empty() || !wanted.len().is_multiple_of(4) {
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
        let numbers = [
            read_memory(group[1]).ok_or(INVALID)?,
            read_memory(group[2]).ok_or(INVALID)?,
            integers(group[3]).and_then(|all| all.first().copied()).ok_or(INVALID)?,
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

fn integers(value: &[u8]) -> Option<Vec<i64>> {
    words(value).map(crate::value::canonical_integer).collect()
}

fn join(numbers: Vec<impl ToString>) -> Vec<u8> {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(" ").into_bytes()
}
