//! How many commands a second: the engine by itself, and behind TCP beside redis-server, which
//! `redis-benchmark` drives in the same run. `cargo bench --bench throughput`.
//!
//! Both servers answer on this machine's loopback, one after the other and three times each; the
//! middle result counts. What is compared is a ratio: absolute numbers belong to the machine.

#[cfg(not(target_arch = "wasm32"))]
#[path = "../tests/native/control.rs"]
mod control;
#[cfg(not(target_arch = "wasm32"))]
#[allow(dead_code, reason = "the tests empty it for each transcript; here it is used once")]
#[path = "../tests/native/redis_server.rs"]
mod redis_server;

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    native::engine_alone();
    if let Err(error) = native::beside_redis() {
        println!("Not compared with redis-server: {error}");
    }
}

/// The clock of a browser is too coarse, on purpose.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use crate::redis_server::RedisServer;
    use keyspace::{Engine, Options, UnixMillis};
    use keyspace_resp::encode_command;
    use keyspace_server::BackgroundServer;
    use std::collections::BTreeMap;
    use std::hint::black_box;
    use std::io;
    use std::net::SocketAddr;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    /// Commands of one measurement.
    const COMMANDS: usize = 1_000_000;
    /// Commands that arrive together.
    const PIPELINE: usize = 16;
    /// Different keys, members or elements.
    const KEYS: usize = 100_000;
    /// Times that a server is measured.
    const ROUNDS: usize = 3;
    /// Of `redis-benchmark`'s tests.
    const TESTS: &str = "set,get,lpush,zadd";

    /// The command for a number below [`KEYS`].
    type CommandOf = fn(usize) -> Vec<String>;

    /// Measures the engine in this process: bytes in, bytes out, no sockets.
    pub fn engine_alone() {
        println!("The engine by itself, in pipelines of {PIPELINE}, {KEYS} keys");
        let commands: [(&str, CommandOf); 4] = [
            ("SET", |n| vec!["SET".into(), format!("key:{n:012}"), "xxx".into()]),
            ("GET", |n| vec!["GET".into(), format!("key:{n:012}")]),
            ("LPUSH", |_| vec!["LPUSH".into(), "mylist".into(), "xxx".into()]),
            ("ZADD", |n| {
                vec!["ZADD".into(), "myzset".into(), n.to_string(), format!("element:{n:012}")]
            }),
        ];
        let start = UnixMillis(1_700_000_000_000);
        let mut engine = Engine::new(Options { start, ..Options::default() });
        let client = engine.connect(start);
        for (name, command) in commands {
            let pipelines = pipelines(command);
            let begin = Instant::now();
            for pipeline in pipelines.iter().cycle().take(COMMANDS / PIPELINE) {
                engine.receive(client, pipeline, start);
                black_box(engine.take_output(client));
            }
            let rate = COMMANDS as f64 / begin.elapsed().as_secs_f64();
            println!("{name:<8} {:>12} commands a second", thousands(rate));
        }
    }

    /// Every key once, in an order that jumps about, encoded beforehand.
    fn pipelines(command: CommandOf) -> Vec<Vec<u8>> {
        // A step that shares no factor with the number of keys visits all of them.
        let keys: Vec<usize> = (0..KEYS).map(|index| index * 7_919 % KEYS).collect();
        keys.chunks(PIPELINE)
            .map(|chunk| {
                let mut bytes = Vec::new();
                for &key in chunk {
                    encode_command(&mut bytes, &command(key));
                }
                bytes
            })
            .collect()
    }

    /// Measures both servers and prints the ratios.
    pub fn beside_redis() -> io::Result<()> {
        let redis = RedisServer::start()?;
        let options = keyspace_server::Options { port: 0, ..Default::default() };
        let keyspace = BackgroundServer::start(options)?;
        let mut ours: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut theirs = ours.clone();
        for _ in 0..ROUNDS {
            for (address, rates) in
                [(keyspace.address(), &mut ours), (redis.address(), &mut theirs)]
            {
                for (test, rate) in redis_benchmark(address)? {
                    rates.entry(test).or_default().push(rate);
                }
            }
        }
        let version = redis.version()?;
        println!(
            "\nOver TCP, 50 clients, in pipelines of {PIPELINE}, {KEYS} keys: commands a second\n\
             {:<8} {:>12} {:>22}  ratio",
            "",
            "Keyspace",
            format!("redis-server {}.{}.{}", version.0, version.1, version.2),
        );
        for (test, mut rates) in ours {
            let (ours, theirs) =
                (middle(&mut rates), middle(theirs.entry(test.clone()).or_default()));
            println!(
                "{test:<8} {:>12} {:>22}  {:.2}",
                thousands(ours),
                thousands(theirs),
                ours / theirs
            );
        }
        Ok(())
    }

    /// Runs `redis-benchmark` and reads the rate of each test.
    fn redis_benchmark(address: SocketAddr) -> io::Result<Vec<(String, f64)>> {
        let output = Command::new("redis-benchmark")
            .args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()])
            .args(["-t", TESTS, "-P", &PIPELINE.to_string(), "-c", "50", "--csv"])
            .args(["-n", &(COMMANDS / 2).to_string(), "-r", &KEYS.to_string()])
            .stderr(Stdio::null())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // "test","rps",...: the first line names the columns.
        let rows = text.lines().skip(1).filter_map(|line| {
            let mut cells = line.split(',').map(|cell| cell.trim_matches('"'));
            Some((cells.next()?.to_owned(), cells.next()?.parse().ok()?))
        });
        let rows: Vec<(String, f64)> = rows.collect();
        if rows.is_empty() {
            return Err(io::Error::other(format!("redis-benchmark prints no rates: {text}")));
        }
        Ok(rows)
    }

    fn middle(rates: &mut [f64]) -> f64 {
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// A rate with its digits in groups of three.
    fn thousands(rate: f64) -> String {
        let digits = format!("{rate:.0}");
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out
    }
}
