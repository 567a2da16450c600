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

/// Stands in an argument for the id of that client, which only the server knows.
pub(crate) const CLIENT_ID: &[u8] = b"<client ";
