//! The URLs of a broker and a result backend, as far as they say which database is meant.

/// A server and a database on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RedisUrl {
    /// The host and port, or the path of a socket.
    pub server: String,
    pub db: u8,
}

/// What is wrong with a URL, and at which of its characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadUrl {
    pub at: usize,
    pub message: String,
}

/// What a URL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Broker,
    Results,
}

/// What is expected, with examples.
const EXPECTED: &str = "redis://[:password@]host[:port][/db], rediss://, or \
                        redis+socket:///path?virtual_host=db";
/// The databases that the engine has.
const DATABASES: u8 = 16;

/// Reads a URL.
pub(super) fn parse(url: &str, purpose: Purpose) -> Result<RedisUrl, BadUrl> {
    let bad = |at: usize, message: String| Err(BadUrl { at: url[..at].chars().count(), message });
    let Some((scheme, rest)) = url.split_once("://") else {
        return bad(0, format!("a URL begins with its scheme; expected {EXPECTED}"));
    };
    let begin = scheme.len() + 3;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let query_at = begin + address.len() + 1;
    match scheme {
        "redis" | "rediss" => {}
        "redis+socket" | "socket" => return socket(url, address, query, begin, query_at),
        "sentinel" => {
            return bad(0, format!("sentinels are not simulated; expected {EXPECTED}"));
        }
        "amqp" | "amqps" | "pyamqp" | "sqs" | "memory" | "filesystem" | "kafka" | "gcpubsub"
        | "mongodb" | "zookeeper" | "rpc" | "cache" | "file" | "s3" | "elasticsearch" => {
            return bad(0, format!("the server here is Redis, not {scheme}; expected {EXPECTED}"));
        }
        other => {
            let near = super::names::nearest(other, ["redis", "rediss"].into_iter());
            let hint = near.map(|near| format!("; did you mean {near}://?")).unwrap_or_default();
            return bad(0, format!("unknown scheme {other}://; expected {EXPECTED}{hint}"));
        }
    }
    let (authority, path) = match address.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (address, None),
    };
    let (host_at, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (begin + login.len() + 1, host),
        None => (begin, authority),
    };
    if let Some((at, char)) = authority.char_indices().find(|(_, char)| char.is_whitespace()) {
        return bad(begin + at, format!("a URL has no {char:?}; expected {EXPECTED}"));
    }
    let (name, port) = split_port(host);
    if let Some((port_at, port)) = port
        && port.parse::<u16>().map_or(true, |port| port == 0)
    {
        let message = format!("{port:?} is no port: expected a number from 1 to 65535");
        return bad(host_at + port_at, message);
    }
    if scheme == "rediss" && purpose == Purpose::Results && !query.contains("ssl_cert_reqs=") {
        let message =
            "a rediss:// result backend needs ?ssl_cert_reqs=required (or optional, none)";
        return bad(url.len(), message.to_owned());
    }
    let db = match path {
        None | Some("") => 0,
        Some(path) => match database(path) {
            Ok(db) => db,
            Err(message) => return bad(begin + authority.len() + 1, message),
        },
    };
    let name = if name.is_empty() { "localhost" } else { name };
    let port = port.map_or("6379", |(_, port)| port);
    Ok(RedisUrl { server: format!("{name}:{port}"), db })
}

/// `redis+socket:///var/run/redis.sock?virtual_host=1`.
fn socket(
    url: &str,
    path: &str,
    query: &str,
    begin: usize,
    query_at: usize,
) -> Result<RedisUrl, BadUrl> {
    if !path.starts_with('/') || path.len() < 2 {
        let at = url[..begin].chars().count();
        let message = format!("expected the path of a socket after ://, as in {EXPECTED}");
        return Err(BadUrl { at, message });
    }
    let mut at = query_at;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if matches!(key, "virtual_host" | "db") {
            let db = database(value).map_err(|message| BadUrl {
                at: url[..at + key.len() + 1].chars().count(),
                message,
            })?;
            return Ok(RedisUrl { server: path.to_owned(), db });
        }
        at += pair.len() + 1;
    }
    Ok(RedisUrl { server: path.to_owned(), db: 0 })
}

/// A host and the port behind it, with its place; an IPv6 address has brackets.
fn split_port(host: &str) -> (&str, Option<(usize, &str)>) {
    let from = host.rfind(']').map_or(0, |at| at + 1);
    match host[from..].find(':') {
        Some(at) => (&host[..from + at], Some((from + at + 1, &host[from + at + 1..]))),
        None => (host, None),
    }
}

fn database(text: &str) -> Result<u8, String> {
    let text = text.trim_end_matches('/');
    match text.parse::<u8>() {
        Ok(db) if db < DATABASES => Ok(db),
        _ if !text.is_empty() && text.chars().all(|char| char.is_ascii_digit()) => {
            Err(format!("there is no database {text}: this engine has 0 to {}", DATABASES - 1))
        }
        _ => Err(format!("{text:?} is no database: expected a number from 0 to 15")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(url: &str) -> u8 {
        parse(url, Purpose::Broker).unwrap_or_else(|bad| panic!("{url}: {}", bad.message)).db
    }

    fn bad(url: &str) -> (usize, String) {
        let bad = parse(url, Purpose::Broker).expect_err(url);
        (bad.at, bad.message)
    }

    #[test]
    fn the_path_is_the_database() {
        assert_eq!(db("redis://localhost:6379/1"), 1);
        assert_eq!(db("redis://localhost"), 0);
        assert_eq!(db("redis://"), 0);
        assert_eq!(db("redis://:secret@redis.example.com:6380/15"), 15);
        assert_eq!(db("redis://user:p%40ss@localhost/2?socket_timeout=3"), 2);
        assert_eq!(db("redis://[::1]:6379/3"), 3);
        assert_eq!(db("rediss://localhost/4"), 4);
        assert_eq!(db("redis+socket:///var/run/redis.sock?virtual_host=5"), 5);
        assert_eq!(db("redis+socket:///var/run/redis.sock?timeout=1&db=6"), 6);
        assert_eq!(db("redis+socket:///var/run/redis.sock"), 0);
        let server = |url| parse(url, Purpose::Broker).expect("a good URL").server;
        assert_eq!(server("redis:///1"), "localhost:6379");
        assert_eq!(server("redis://:x@h:1/1"), "h:1");
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let starts = |url: &str, at: usize, text: &str| {
            let (found, message) = bad(url);
            assert_eq!(found, at, "{url}: {message}");
            assert!(message.starts_with(text), "{url}: {message}");
        };
        starts("localhost:6379/0", 0, "a URL begins with its scheme");
        starts("", 0, "a URL begins with its scheme");
        starts("amqp://guest@localhost//", 0, "the server here is Redis, not amqp");
        starts("sentinel://localhost:26379", 0, "sentinels are not simulated");
        starts("redi://localhost", 0, "unknown scheme redi://");
        assert!(bad("redi://localhost").1.ends_with("did you mean redis://?"));
        starts("redis://localhost:port/0", 18, "\"port\" is no port");
        starts("redis://localhost:99999", 18, "\"99999\" is no port");
        starts("redis://:é@localhost:0", 21, "\"0\" is no port");
        starts("redis://localhost/16", 18, "there is no database 16");
        starts("redis://localhost/results", 18, "\"results\" is no database");
        starts("redis://local host/0", 13, "a URL has no ' '");
        starts("redis+socket://host", 15, "expected the path of a socket");
        starts("redis+socket:///s?virtual_host=x", 31, "\"x\" is no database");
    }

    #[test]
    fn a_result_backend_over_tls_says_how_it_trusts() {
        let bad = parse("rediss://localhost/1", Purpose::Results).expect_err("no parameter");
        assert!(bad.message.contains("ssl_cert_reqs"));
        assert!(parse("rediss://localhost/1?ssl_cert_reqs=none", Purpose::Results).is_ok());
    }
}
