//! The Redis serialization protocol (RESP), versions 2 and 3.
//!
//! Five parts that know nothing of commands or data:
//! [`RequestParser`] cuts what a client sends into commands, [`ReplyWriter`] writes what a server
//! answers, [`Value::decode`] reads such an answer back, [`cli`] prints it as `redis-cli` does, and
//! [`split_args`] splits a typed line by the quoting rules that inline commands and `redis-cli`
//! share.
//!
//! ```
//! use keyspace_resp::{ReplyWriter, RequestParser, Value};
//!
//! let mut parser = RequestParser::default();
//! parser.feed(b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nPING\r\n");
//! assert!(parser.parse().unwrap());
//! assert_eq!(parser.args().collect::<Vec<_>>(), [b"ECHO".as_slice(), b"hi"]);
//! assert!(parser.parse().unwrap());
//! assert_eq!(parser.args().collect::<Vec<_>>(), [b"PING".as_slice()]);
//! assert!(!parser.parse().unwrap());
//!
//! let mut out = ReplyWriter::default();
//! out.bulk(b"hi");
//! let (value, used) = Value::decode(out.as_bytes()).unwrap().unwrap();
//! assert_eq!((value, used), (Value::Bulk(b"hi".to_vec()), 8));
//! ```
#![deny(missing_docs)]

pub mod cli;
mod double;
mod inline;
mod reply;
mod request;
mod value;

pub use double::format_double;
pub use inline::{UnbalancedQuotes, split_args};
pub use keyspace_decimal::parse as parse_double;
pub use reply::{Deferred, Protocol, ReplyWriter, decimal, write_integer};
pub use request::{Limits, ProtocolError, RequestParser, encode_command};
pub use value::{DecodeError, Token, Tokens, Value};
