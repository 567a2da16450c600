//! Snippets of Lua with the results that they have in Redis: `corpus/*.lua`, separated by lines of
//! dashes, and beside each the results as `corpus/*.out`. They run as they are, with a collection at
//! every chance, and suspended and cloned over and over. On a redis-server, if there is one, they
//! must give the same; with `LUA51_WRITE_RESULTS=1` what it gives is written down.

mod support;

use std::path::PathBuf;
use support::{Mode, Redis, machine, run};

fn corpus(name: &str) -> (PathBuf, Vec<String>) {
    let file =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(format!("{name}.lua"));
    let text = std::fs::read_to_string(&file).expect("the corpus is there");
    (file, text.split("\n---\n").map(|snippet| snippet.trim_end_matches('\n').to_owned()).collect())
}

fn expected(name: &str) -> Vec<String> {
    let (file, _) = corpus(name);
    let text = std::fs::read_to_string(file.with_extension("out")).expect("its results are there");
    text.split("\n---\n").map(|result| result.trim_end_matches('\n').to_owned()).collect()
}

fn check(name: &str, mode: Mode) {
    let (_, snippets) = corpus(name);
    let results = expected(name);
    assert_eq!(
        snippets.len(),
        results.len(),
        "{name}: run with LUA51_WRITE_RESULTS=1 where there is a redis-server"
    );
    let mut wrong = String::new();
    for (snippet, result) in snippets.iter().zip(results) {
        let got = run(&mut machine(), snippet.as_bytes(), mode);
        if got.trim_end_matches('\n') != result {
            wrong += &format!("{snippet}\n  gives    {got}\n  expected {result}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

macro_rules! corpora {
    ($($name:ident),*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn gives_what_redis_gives() {
                check(stringify!($name), Mode::default());
            }

            #[test]
            fn survives_a_collection_at_every_chance() {
                check(stringify!($name), Mode { stress: true, slice: 0 });
            }

            #[test]
            fn goes_on_after_suspension_as_a_clone() {
                check(stringify!($name), Mode { stress: false, slice: 997 });
            }
        }
    )*

        const CORPORA: &[&str] = &[$(stringify!($name)),*];
    };
}

corpora! { language, libraries, formats }

#[test]
fn redis_gives_the_same() {
    let Some(mut redis) = Redis::start().unwrap() else {
        eprintln!("skipped: there is no redis-server on PATH");
        return;
    };
    for name in CORPORA {
        let (file, snippets) = corpus(name);
        let results: Vec<String> =
            snippets.iter().map(|snippet| redis.run(snippet.as_bytes()).unwrap()).collect();
        let text = results.join("\n---\n") + "\n";
        if std::env::var_os("LUA51_WRITE_RESULTS").is_some() {
            std::fs::write(file.with_extension("out"), text).unwrap();
        } else {
            assert_eq!(
                text,
                std::fs::read_to_string(file.with_extension("out")).unwrap(),
                "{name}"
            );
        }
    }
}
