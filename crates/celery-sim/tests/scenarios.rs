//! Every scenario runs to its end with both of its configurations, and all that it says is true.

use celery_sim::scenario::{ALL, Progress, SEED, Scenario};
use celery_sim::{World, celeryconfig, scenario};
use keyspace::UnixMillis;

const START: UnixMillis = UnixMillis(1_795_402_600_000);

/// Plays a scenario with both configurations, and lists what does not hold.
fn play(scenario: &'static Scenario) -> Vec<String> {
    let mut one = World::new(scenario.one.config(), SEED, START);
    let mut other = World::new(scenario.other.config(), SEED, START);
    let mut progress = Progress::new(scenario);
    let mut now = START;
    let mut failures = Vec::new();
    for step in scenario.steps {
        for act in progress.begin_step(now) {
            for world in [&mut one, &mut other] {
                if let Err(error) = world.act(&act, now) {
                    failures.push(format!("{}: {act:?}: {error}", step.title));
                }
                world.run(now);
            }
        }
        now = progress.due.expect("the step runs");
        one.run(now);
        other.run(now);
        progress.end_step(&mut one, Some(&mut other));
        let (of_one, of_other) = progress.outcomes.last().expect("the step is over");
        for (side, outcomes) in [("one", of_one), ("other", of_other)] {
            for (check, outcome) in step.checks.iter().zip(outcomes) {
                if !outcome.holds {
                    let (says, command, reply) = (check.says, &outcome.command, &outcome.reply);
                    failures.push(format!("{} ({side}): {says}: {command} -> {reply}", step.title));
                }
            }
        }
    }
    failures
}

#[test]
fn all_that_scenarios_say_is_true() {
    let mut failures = Vec::new();
    for scenario in ALL {
        let failed = play(scenario).into_iter().map(|it| format!("{}: {it}", scenario.name));
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn scenarios_have_names_of_their_own_a_few_steps_and_good_configurations() {
    for (at, scenario) in ALL.iter().enumerate() {
        let name = scenario.name;
        assert!(scenario::find(name).is_some_and(|found| std::ptr::eq(found, &ALL[at])), "{name}");
        assert!((3..=6).contains(&scenario.steps.len()), "{name}");
        assert!(scenario.steps.iter().all(|step| !step.checks.is_empty()), "{name}");
        for side in [&scenario.one, &scenario.other] {
            let parsed = celeryconfig::parse(side.celeryconfig, &scenario::slow_world());
            assert!(parsed.is_usable(), "{name}: {:?}", parsed.problems);
        }
        assert_ne!(scenario.one.config(), scenario.other.config(), "{name}");
    }
}
