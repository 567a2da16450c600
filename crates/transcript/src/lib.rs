//! Literate transcripts: Markdown files whose headings are tests, whose prose says why, and whose
//! blocks of language `redis` say what is sent and what is answered.
//!
//! [`File::parse`] reads a file into data, [`run`] plays a transcript against a [`Backend`]: the
//! engine (`EngineBackend`, feature `engine`), or whatever else speaks RESP. Each transcript starts with an empty
//! server and one client, `A`. The lines of a block:
//!
//! ```text
//! > SET k "a b"            send a command on the current client, quoted as in redis-cli
//! OK                       lines that follow: its reply as `redis-cli --no-raw` prints it
//! > BRPOP q 0              a command with no reply lines must not answer yet
//! client B                 switch to client B, connected at its first use
//! > LPUSH q x
//! (integer) 1
//! client A                 back; reply lines that follow: what A receives now
//! 1) "q"
//! 2) "x"
//! (closed)                 a reply line: the server closes this connection
//! > CLIENT KILL ID id(B)   an argument: the number of client B, which must not wait or listen
//! advance 500ms            moves the clock (ms, s, m, h, d)
//! unordered                before a command: its elements may come in any order
//! ~ ^[0-9a-f]{40}$         a reply line: one in which a regular expression finds a match
//! ...                      a reply line: any number of lines
//! = "*-1\r\n"              the reply as exact bytes, with escapes, instead of lines
//! raw "*1\r\n$4\r\nPING"   sends bytes as they are
//! resp3                    the current client says HELLO 3; the reply is not shown
//! ```
//!
//! Blank lines, and white space at the end of a line, do not count. What a client received and no
//! line shows fails the transcript. Words after `redis` on the fence: `since=8.4.0` where an older
//! server cannot know the block, `engine` where it holds for the engine alone, `still` where a clock or
//! a socket that goes on by itself would tell something else.
//!
//! ````
//! use keyspace_transcript::{EngineBackend, File, run};
//!
//! let file = File::parse("demo.md", "## A key dies at its millisecond
//! Expiry is exact.
//! ```redis
//! > SET k v PX 10
//! OK
//! advance 10ms
//! > GET k
//! (nil)
//! ```
//! ").unwrap();
//! assert_eq!(file.transcripts[0].name, "A key dies at its millisecond");
//! run(&file.path, &file.transcripts[0], &mut EngineBackend::default()).unwrap();
//! ````
#![deny(missing_docs)]

mod backend;
#[cfg(feature = "engine")]
mod engine;
mod expect;
mod parse;
mod run;

pub use backend::{Backend, Connection, Received};
#[cfg(feature = "engine")]
pub use engine::EngineBackend;
pub use expect::Expected;
pub use parse::{Action, Block, File, ParseError, Step, Transcript, Version};
pub use run::{Failure, Summary, run};
