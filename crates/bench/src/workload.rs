//! Commands as bytes, made once and given to everything that is measured.
//!
//! A template is a command whose words are separated by spaces. In it `__rand_int__` stands for
//! twelve digits of a random number, as for `redis-benchmark`, and `__seq__` for twelve digits of a
//! number that no other command of the workload has.

use keyspace_resp::encode_command;

/// What stands for a random number, for `redis-benchmark` too.
const RANDOM: &str = "__rand_int__";
/// What stands for a number of its own.
const SEQUENCE: &str = "__seq__";

/// Commands, one after the other.
#[derive(Debug, Default)]
pub struct Workload {
    /// By which a browser knows what it has loaded already.
    pub name: String,
    /// All commands, encoded.
    pub bytes: Vec<u8>,
    /// Where each command ends.
    pub ends: Vec<usize>,
}

impl Workload {
    /// This many commands of a template, with random numbers below `below`.
    pub fn of(name: &str, template: &str, commands: usize, below: usize) -> Workload {
        let mut workload = Workload { name: name.to_owned(), ..Workload::default() };
        let mut random = fastrand::Rng::with_seed(1);
        let step = step(commands);
        for index in 0..commands {
            let words: Vec<String> = template
                .split(' ')
                .map(|word| {
                    let word = word.replace(SEQUENCE, &format!("{:012}", index * step % commands));
                    // Each place has a number of its own.
                    word.replace(RANDOM, &format!("{:012}", random.usize(..below)))
                })
                .collect();
            encode_command(&mut workload.bytes, &words);
            workload.ends.push(workload.bytes.len());
        }
        workload
    }

    /// One command.
    pub fn one(name: &str, words: &[&str]) -> Workload {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, words);
        Workload { name: name.to_owned(), ends: vec![bytes.len()], bytes }
    }

    /// The same words as an inline command, as one types it.
    pub fn inline(name: &str, line: &str, commands: usize) -> Workload {
        let bytes = format!("{line}\r\n").repeat(commands).into_bytes();
        let len = bytes.len() / commands;
        Workload { name: name.to_owned(), bytes, ends: (1..=commands).map(|n| n * len).collect() }
    }

    /// The bytes of the first commands.
    pub fn first(&self, commands: usize) -> &[u8] {
        let end = commands.min(self.ends.len()).checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.bytes[..end]
    }

    /// All commands in pipelines of `depth`, of which the last may be shorter.
    pub fn pipelines(&self, depth: usize) -> Vec<&[u8]> {
        let ends = self.ends.chunks(depth).filter_map(<[usize]>::last);
        let mut start = 0;
        ends.map(|&end| &self.bytes[std::mem::replace(&mut start, end)..end]).collect()
    }
}

/// A step by which one visits every number below `count`, in an order that jumps about.
fn step(count: usize) -> usize {
    // The first prime of these that does not divide the count shares no factor with it.
    [7_919, 7_907, 7_901].into_iter().find(|step| !count.is_multiple_of(*step)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_hold_all_commands_in_their_order() {
        let workload = Workload::inline("ping", "PING", 5);
        let pipelines = workload.pipelines(2);
        assert_eq!(pipelines, [&b"PING\r\nPING\r\n"[..], b"PING\r\nPING\r\n", b"PING\r\n"]);
        assert_eq!(workload.first(1), b"PING\r\n");
        assert_eq!(workload.first(0), b"");
    }

    #[test]
    fn every_command_of_a_sequence_has_its_own_number() {
        for commands in [1, 1_000, 7_919] {
            let workload = Workload::of("get", "GET __seq__", commands, 1);
            let mut seen = workload.pipelines(1);
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), commands);
        }
    }
}
