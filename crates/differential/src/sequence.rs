//! A sequence of commands, as data.

/// What one client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The client's number, from 0.
    pub client: usize,
    /// The command with its arguments.
    pub args: Vec<Vec<u8>>,
}

impl Step {
    /// A step of words.
    pub fn new(client: usize, line: &str) -> Step {
        Step { client, args: line.split(' ').map(|word| word.as_bytes().to_vec()).collect() }
    }

    /// A step in which nothing is sent and time passes.
    pub fn wait(millis: u64) -> Step {
        Step { client: 0, args: vec![Placeholder::Wait(millis).write()] }
    }

    /// How many milliseconds pass in this step.
    pub fn wait_ms(&self) -> Option<u64> {
        match &self.args[..] {
            [only] => match Placeholder::read(only) {
                Some(Placeholder::Wait(millis)) => Some(millis),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether everything before it must have run before it can be sent.
    pub(crate) fn waits_for_others(&self) -> bool {
        let is_dump = |arg: &Vec<u8>| {
            matches!(Placeholder::read(arg), Some(Placeholder::Dump { .. } | Placeholder::Wait(_)))
        };
        self.args.iter().any(is_dump)
    }

    /// Whether it may end others' connections, which the server does when it has nothing else to do.
    pub(crate) fn may_end_connections(&self) -> bool {
        self.is("acl") || self.is("client")
    }

    /// Whether the command has this name.
    pub fn is(&self, name: &str) -> bool {
        self.args.first().is_some_and(|first| first.eq_ignore_ascii_case(name.as_bytes()))
    }
}

/// Commands of several clients, in order, on a server that starts empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// What it was generated from.
    pub seed: u64,
    /// The commands.
    pub steps: Vec<Step>,
}

impl Sequence {
    /// How many clients it needs.
    pub fn clients(&self) -> usize {
        self.steps.iter().map(|step| step.client + 1).max().unwrap_or(0)
    }
}

/// What stands in an argument for something that is known only while the sequence is played, as
/// `<kind word>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placeholder<'a> {
    /// The id of a client.
    Client(usize),
    /// What DUMP answers for a key of the first database.
    Dump { by: Side, key: &'a [u8] },
    /// A step of its own: so many milliseconds pass.
    Wait(u64),
}

/// One of the two that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Engine,
    Redis,
}

impl<'a> Placeholder<'a> {
    pub fn read(arg: &'a [u8]) -> Option<Placeholder<'a>> {
        let inner = arg.strip_prefix(b"<")?.strip_suffix(b">")?;
        let space = inner.iter().position(|&byte| byte == b' ')?;
        let (kind, word) = (&inner[..space], &inner[space + 1..]);
        let number = || std::str::from_utf8(word).ok()?.parse().ok();
        match kind {
            b"client" => Some(Placeholder::Client(usize::try_from(number()?).ok()?)),
            b"engine's" => Some(Placeholder::Dump { by: Side::Engine, key: word }),
            b"redis's" => Some(Placeholder::Dump { by: Side::Redis, key: word }),
            b"wait" => number().map(Placeholder::Wait),
            _ => None,
        }
    }

    /// As [`read`](Self::read) reads it.
    pub fn write(&self) -> Vec<u8> {
        let (kind, word) = match self {
            Placeholder::Client(client) => ("client", client.to_string().into_bytes()),
            Placeholder::Dump { by: Side::Engine, key } => ("engine's", key.to_vec()),
            Placeholder::Dump { by: Side::Redis, key } => ("redis's", key.to_vec()),
            Placeholder::Wait(millis) => ("wait", millis.to_string().into_bytes()),
        };
        [b"<", kind.as_bytes(), b" ", &word, b">"].concat()
    }
}
