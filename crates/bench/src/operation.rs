//! The operations that are measured: what `redis-benchmark` measures by default, and a few more.

use crate::workload::Workload;

/// Different keys, members and elements, as `-r` of `redis-benchmark`.
pub const KEYS: usize = 100_000;

/// A row of the table.
#[derive(Debug)]
pub struct Operation {
    /// As `redis-benchmark` calls it.
    pub name: &'static str,
    /// The command, a template.
    pub command: &'static str,
    /// What must be there before.
    before: Before,
    /// How many simple commands this one is worth, for measurements of about the same length.
    pub weight: usize,
}

/// Data that an operation finds.
#[derive(Debug)]
enum Before {
    /// None.
    Nothing,
    /// [`KEYS`] times this template.
    Keys(&'static str),
    /// Once this template.
    Once(&'static str),
    /// This template as often as the operation runs, so that it never finds an empty key.
    Commands(&'static str),
}

const fn row(
    name: &'static str,
    command: &'static str,
    before: Before,
    weight: usize,
) -> Operation {
    Operation { name, command, before, weight }
}

const LIST: &str = "RPUSH mylist element:__seq__";
const SET: &str = "SADD myset element:__seq__";
const ZSET: &str = "ZADD myzset __seq__ element:__seq__";
const STRINGS: &str = "SET key:__seq__ xxx";
const ZRANGE_BYSCORE: &str = "ZRANGE myzset __rand_int__ +inf BYSCORE LIMIT 0 10";
/// The script `return(1)`.
const EVALSHA: &str = "EVALSHA 930269f31393d0be681588b6ab08dccee7d6bb67 0";
const MSET: &str = "MSET key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx \
    key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx \
    key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx";

/// The rows.
pub const OPERATIONS: &[Operation] = &[
    row(PING_INLINE, "PING", Before::Nothing, 1),
    row("PING_MBULK", "PING", Before::Nothing, 1),
    row("SET", "SET key:__rand_int__ xxx", Before::Nothing, 1),
    row("SET EX", "SET key:__rand_int__ xxx EX 1000", Before::Nothing, 1),
    row("GET", "GET key:__rand_int__", Before::Keys(STRINGS), 1),
    row("GETRANGE", "GETRANGE key:__rand_int__ 1 -1", Before::Keys(STRINGS), 1),
    row("INCR", "INCR counter:__rand_int__", Before::Nothing, 1),
    row("MSET (10 keys)", MSET, Before::Nothing, 8),
    row("LPUSH", "LPUSH mylist xxx", Before::Nothing, 1),
    row("RPUSH", "RPUSH mylist xxx", Before::Nothing, 1),
    row("LPOP", "LPOP mylist", Before::Commands(LIST), 1),
    row("RPOP", "RPOP mylist", Before::Commands(LIST), 1),
    row("LRANGE_100", "LRANGE mylist 0 99", Before::Keys(LIST), 8),
    row("LRANGE_300", "LRANGE mylist 0 299", Before::Keys(LIST), 20),
    row("LRANGE_500", "LRANGE mylist 0 499", Before::Keys(LIST), 32),
    row("LRANGE_600", "LRANGE mylist 0 599", Before::Keys(LIST), 40),
    row("SADD", "SADD myset element:__rand_int__", Before::Nothing, 1),
    row("SPOP", "SPOP myset", Before::Commands(SET), 1),
    row("HSET", "HSET myhash element:__rand_int__ xxx", Before::Nothing, 1),
    row("ZADD", "ZADD myzset __rand_int__ element:__rand_int__", Before::Nothing, 2),
    row("ZRANK", "ZRANK myzset element:__rand_int__", Before::Keys(ZSET), 2),
    row("ZRANGE", "ZRANGE myzset 50000 50009", Before::Keys(ZSET), 4),
    row("ZRANGE BYSCORE", ZRANGE_BYSCORE, Before::Keys(ZSET), 4),
    row("ZPOPMIN", "ZPOPMIN myzset", Before::Commands(ZSET), 1),
    row("XADD", "XADD mystream * myfield xxx", Before::Nothing, 1),
    row("EVALSHA", EVALSHA, Before::Once("SCRIPT LOAD return(1)"), 2),
];

/// The one for which `redis-benchmark` has a test and no command.
pub const PING_INLINE: &str = "PING_INLINE";

/// Different commands that are made of a template, and then sent again.
const CYCLE: usize = 1 << 16;

impl Operation {
    /// Its commands: enough to touch every key.
    pub fn workload(&self) -> Workload {
        // All pipelines are full.
        let commands = (CYCLE / self.weight).next_multiple_of(256);
        if self.name == PING_INLINE {
            Workload::inline(self.name, self.command, commands)
        } else {
            Workload::of(self.name, self.command, commands, KEYS)
        }
    }

    /// What makes its data, for at most so many commands.
    pub fn before(&self, most: usize) -> Workload {
        let name = format!("{} before", self.name);
        match self.before {
            Before::Nothing => Workload::default(),
            Before::Once(template) => Workload::of(&name, template, 1, KEYS),
            Before::Keys(template) => Workload::of(&name, template, KEYS, KEYS),
            Before::Commands(template) => Workload::of(&name, template, most, KEYS),
        }
    }

    /// How many commands of [`before`](Self::before) so many commands need.
    pub fn needs(&self, commands: usize) -> usize {
        match self.before {
            Before::Nothing => 0,
            Before::Once(_) => 1,
            Before::Keys(_) => KEYS,
            Before::Commands(_) => commands,
        }
    }
}
