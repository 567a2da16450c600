//! What a command answers when it fails.

use crate::script::Kind;
use std::borrow::Cow;

/// A command's error. `Display` is the exact text on the wire, without the leading dash; it
/// stands nowhere else. A command that fails has changed nothing.
///
/// What a variant carries is one pointer wide: an error then travels in a register, through every
/// handler and all that it calls.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::box_collection, reason = "a string alone is three pointers wide")]
pub(crate) enum CommandError {
    // Arguments.
    Syntax,
    WrongArity(CommandName),
    UnknownCommand(Box<UnknownCommand>),
    UnknownSubcommand(Box<Subcommand>),
    SubcommandSyntax(Box<Subcommand>),
    NotAnInteger,
    NotAFloat,
    IndexOutOfRange,
    NotPositive,
    CountOutOfRange,
    InvalidExpire(CommandName),
    InvalidCursor,
    DbIndexOutOfRange,
    TimeoutNotFloat,
    TimeoutNotInteger,
    TimeoutNegative,
    TimeoutOutOfRange,
    NumKeysNotPositive,
    NumKeysTooMany,
    LimitNegative,
    CountNotPositive,
    StringTooLong,
    OffsetOutOfRange,
    ReplyTooLarge,

    // Keys.
    WrongType,
    NoSuchKey,
    Overflow,
    NotFinite,
    SameObject,

    // State.
    NoAuth,
    /// What the user may not do.
    NoPermission(Box<String>),
    NoMulti(CommandName),
    ExecAborted,
    /// EXEC itself was refused.
    ExecRefused(Box<CommandError>),
    SubscribedContext(CommandName),
    OutOfMemory,
    NoReplicas,
    NoScript,
    /// No code runs.
    NotBusy,
    /// Code of that kind runs, for long.
    Busy(Kind),
    /// The code that runs has written.
    Unkillable,
    /// It needs what an engine has not; the command's row says what.
    Unavailable(CommandName),
    ClusterDisabled,

    /// A text that one command alone answers; it stands at that command.
    Text(&'static &'static str),
    /// One that repeats what was sent, or says what was found.
    Composed(Box<String>),
}

const _: () = assert!(size_of::<Result<(), CommandError>>() == 2 * size_of::<usize>());

/// A command's name, where its row has it.
pub(crate) type CommandName = &'static &'static str;

/// A command that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownCommand {
    pub name: Vec<u8>,
    pub args: Vec<Vec<u8>>,
}

/// A subcommand that its container does not have, or not with these arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subcommand {
    pub name: Vec<u8>,
    pub container: Vec<u8>,
}

impl CommandError {
    /// An error of one command alone: the whole text, with its code.
    pub const fn text(text: &'static &'static str) -> CommandError {
        CommandError::Text(text)
    }

    /// The same, with a text that was made for the occasion.
    pub fn composed(text: String) -> CommandError {
        CommandError::Composed(Box::new(text))
    }

    /// A subcommand whose arguments are too many or make no sense.
    pub fn subcommand_syntax(args: &[&[u8]]) -> CommandError {
        let arg = |index: usize| args.get(index).copied().unwrap_or_default();
        CommandError::SubcommandSyntax(Box::new(Subcommand {
            name: arg(1).to_vec(),
            container: arg(0).to_ascii_uppercase(),
        }))
    }
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use CommandError as E;
        let text = match self {
            E::Syntax => "ERR syntax error",
            E::WrongArity(name) => {
                return write!(f, "ERR wrong number of arguments for '{name}' command");
            }
            E::UnknownCommand(unknown) => return unknown.fmt(f),
            E::UnknownSubcommand(subcommand) => {
                let (name, container) = subcommand.printed();
                return write!(f, "ERR unknown subcommand '{name}'. Try {container} HELP.");
            }
            E::SubcommandSyntax(subcommand) => {
                let (name, container) = subcommand.printed();
                return write!(
                    f,
                    "ERR unknown subcommand or wrong number of arguments for '{name}'. Try \
                     {container} HELP."
                );
            }
            E::NotAnInteger => "ERR value is not an integer or out of range",
            E::NotAFloat => "ERR value is not a valid float",
            E::IndexOutOfRange => "ERR index out of range",
            E::NotPositive => "ERR value is out of range, must be positive",
            E::CountOutOfRange => {
                "ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807"
            }
            E::InvalidExpire(name) => {
                return write!(f, "ERR invalid expire time in '{name}' command");
            }
            E::InvalidCursor => "ERR invalid cursor",
            E::DbIndexOutOfRange => "ERR DB index is out of range",
            E::TimeoutNotFloat => "ERR timeout is not a float or out of range",
            E::TimeoutNotInteger => "ERR timeout is not an integer or out of range",
            E::TimeoutNegative => "ERR timeout is negative",
            E::TimeoutOutOfRange => "ERR timeout is out of range",
            E::NumKeysNotPositive => "ERR numkeys should be greater than 0",
            E::NumKeysTooMany => "ERR Number of keys can't be greater than number of args",
            E::LimitNegative => "ERR LIMIT can't be negative",
            E::CountNotPositive => "ERR count should be greater than 0",
            E::StringTooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            E::ReplyTooLarge => "ERR reply exceeds maximum allowed size (proto-max-bulk-len)",
            E::OffsetOutOfRange => "ERR offset is out of range",
            E::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
            E::NoSuchKey => "ERR no such key",
            E::Overflow => "ERR increment or decrement would overflow",
            E::NotFinite => "ERR increment would produce NaN or Infinity",
            E::SameObject => "ERR source and destination objects are the same",
            E::NoPermission(text) => return write!(f, "NOPERM {text}"),
            E::NoAuth => "NOAUTH Authentication required.",
            E::NoMulti(name) => return write!(f, "ERR {name} without MULTI"),
            E::ExecAborted => "EXECABORT Transaction discarded because of previous errors.",
            E::ExecRefused(error) => {
                let error = error.to_string();
                let reason = error.strip_prefix("ERR ").unwrap_or(&error);
                return write!(f, "EXECABORT Transaction discarded because of: {reason}");
            }
            E::SubscribedContext(name) => {
                return write!(
                    f,
                    "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / \
                     QUIT / RESET are allowed in this context"
                );
            }
            E::Unavailable(name) => {
                let name = name.replace('|', " ").to_ascii_uppercase();
                return write!(f, "ERR {name} is not available here");
            }
            E::ClusterDisabled => "ERR This instance has cluster support disabled",
            E::NoScript => "NOSCRIPT No matching script. Please use EVAL.",
            E::NotBusy => "NOTBUSY No scripts in execution right now.",
            E::Busy(Kind::Script) => {
                "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN \
                 NOSAVE."
            }
            E::Busy(Kind::Function) => {
                "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN \
                 NOSAVE."
            }
            E::Unkillable => {
                "UNKILLABLE Sorry the script already executed write commands against the dataset. \
                 You can either wait the script termination or kill the server in a hard way using \
                 the SHUTDOWN NOSAVE command."
            }
            E::OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'.",
            E::NoReplicas => "NOREPLICAS Not enough good replicas to write.",
            E::Text(text) => text,
            E::Composed(text) => text,
        };
        f.write_str(text)
    }
}

impl std::error::Error for CommandError {}

/// How many bytes of an unknown command's name and arguments are repeated.
const UNKNOWN_MAX_BYTES: usize = 128;

impl std::fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = printed(head(&self.name, UNKNOWN_MAX_BYTES));
        write!(f, "ERR unknown command '{name}', with args beginning with: ")?;
        let mut written = 0;
        for arg in &self.args {
            if written >= UNKNOWN_MAX_BYTES {
                break;
            }
            let shown = printed(head(arg, UNKNOWN_MAX_BYTES - written));
            written += shown.len() + 3;
            write!(f, "'{shown}' ")?;
        }
        Ok(())
    }
}

impl Subcommand {
    fn printed(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        let shown = |bytes| printed(head(bytes, UNKNOWN_MAX_BYTES));
        (shown(&self.name), shown(&self.container))
    }
}

/// An argument as an error repeats it: up to its first zero byte, with which C ends a string.
pub(crate) fn printed(bytes: &[u8]) -> Cow<'_, str> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
}

fn head(bytes: &[u8], max: usize) -> &[u8] {
    &bytes[..bytes.len().min(max)]
}
