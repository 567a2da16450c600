//! A short comparison of the engine with redis-server: always the same commands.

use keyspace_differential::{Pair, generate, shrink, transcript};

/// Sequences of about a hundred commands.
const SEQUENCES: u64 = 60;

#[test]
fn random_commands_are_answered_alike() {
    let mut pair = Pair::start().expect("redis-server starts");
    let mut commands = 0;
    for seed in 0..SEQUENCES {
        let sequence = generate(seed);
        let played = pair.play(&sequence).expect("redis-server answers");
        // Real time passes while they run: what differs must do so again.
        if played.difference.is_some()
            && let Some(small) = shrink(&mut pair, &sequence).expect("redis-server answers")
        {
            let text = transcript(&mut pair, &small).expect("redis-server answers");
            panic!("seed {seed}: the engine and redis-server differ\n{text}");
        }
        commands += played.commands;
    }
    assert!(commands > 30 * SEQUENCES, "only {commands} commands were compared");
}
