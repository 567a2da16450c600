//! Random scripts on a machine and on a redis-server, which must give the same. A script follows from
//! its seed; `LUA51_SCRIPTS=100000` runs more of them, `LUA51_SEED=7` begins with another.

mod support;

use support::generate::script;
use support::{Mode, Redis, machine, run};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn random_scripts_give_what_redis_gives() {
    let Some(mut redis) = Redis::start().unwrap() else {
        eprintln!("skipped: there is no redis-server on PATH");
        return;
    };
    let (first, count) = (number("LUA51_SEED", 1), number("LUA51_SCRIPTS", 1_000));
    let mut vm = machine();
    let mut wrong = Vec::new();
    let mut fatal = Vec::new();
    for seed in first..first + count {
        let script = script(seed);
        // Every tenth script is suspended and cloned on the way.
        let mode = Mode { stress: false, slice: if seed % 10 == 0 { 61 } else { 0 } };
        let ours = run(&mut vm, script.as_bytes(), mode);
        // A few bring redis-server down, which says nothing of what they should give.
        let Ok(theirs) = redis.run(script.as_bytes()) else {
            eprintln!("seed {seed} ends redis-server:\n{script}\n  gives {ours}");
            fatal.push(seed);
            redis = Redis::start().unwrap().expect("it was there");
            continue;
        };
        if ours != theirs {
            wrong.push(format!("seed {seed}:\n{script}\n  gives {ours}\n  Redis {theirs}\n"));
        }
        if wrong.len() == 10 {
            break;
        }
    }
    assert!(fatal.len() as u64 <= count / 10_000 + 1, "redis-server does not run: {fatal:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
