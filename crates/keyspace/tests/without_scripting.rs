//! An engine that is built without scripting: it says so, and has everything else.
#![cfg(not(feature = "scripting"))]

use keyspace::{Engine, LoadError, Options, UnixMillis};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const REFUSAL: &str = "-ERR scripts and functions are not available: this engine is built without \
                       its feature 'scripting'\r\n";

fn ask(engine: &mut Engine, line: &str) -> String {
    let client = engine.connect(NOW);
    engine.receive(client, format!("{line}\r\n").as_bytes(), NOW);
    String::from_utf8_lossy(&engine.take_output(client)).into_owned()
}

fn engine() -> Engine {
    Engine::new(Options { start: NOW, ..Options::default() })
}

#[test]
fn whatever_is_about_code_says_that_there_is_no_scripting() {
    let mut engine = engine();
    for line in [
        "EVAL 'return 1' 0",
        "EVAL_RO 'return 1' 0",
        "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
        "EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
        "FCALL f 0",
        "FCALL_RO f 0",
        "SCRIPT LOAD 'return 1'",
        "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db",
        "SCRIPT FLUSH",
        "SCRIPT KILL",
        "SCRIPT DEBUG NO",
        "FUNCTION LOAD '#!lua name=lib'",
        "FUNCTION LIST",
        "FUNCTION DUMP",
        "FUNCTION RESTORE x",
        "FUNCTION DELETE lib",
        "FUNCTION FLUSH",
        "FUNCTION KILL",
        "FUNCTION STATS",
    ] {
        assert_eq!(ask(&mut engine, line), REFUSAL, "{line}");
    }
}

#[test]
fn its_table_of_commands_has_them_all_the_same() {
    let mut engine = engine();
    let info = ask(&mut engine, "COMMAND INFO eval");
    assert!(info.contains("@scripting"), "{info}");
    let help = ask(&mut engine, "FUNCTION HELP");
    assert!(help.contains("LOAD [REPLACE] function-code"), "{help}");
    let keys = ask(&mut engine, "COMMAND GETKEYS EVAL x 1 k v");
    assert_eq!(keys, "*1\r\n$1\r\nk\r\n");
    let info = ask(&mut engine, "INFO everything");
    assert!(info.contains("number_of_cached_scripts:0\r\n"), "{info}");
}

#[test]
fn a_file_with_libraries_is_refused_and_one_without_is_taken() {
    let mut engine = engine();
    ask(&mut engine, "SET k v");
    let file = engine.save_rdb();
    ask(&mut engine, "FLUSHALL");
    engine.load_rdb(&file, NOW).expect("it was saved here");
    assert_eq!(ask(&mut engine, "GET k"), "$1\r\nv\r\n");
    // Behind the signature and its version comes a library; a checksum of zeros is none.
    let file = [&b"REDIS0011"[..], &[0xf5, 3], b"lib", &[0xff], &[0; 8]].concat();
    let refused = engine.load_rdb(&file, NOW);
    assert!(matches!(&refused, Err(LoadError::Library(text)) if text.contains("scripting")));
    assert_eq!(ask(&mut engine, "GET k"), "$1\r\nv\r\n", "nothing has changed");
}
