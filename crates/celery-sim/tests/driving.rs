//! How a simulation is driven does not change what happens in it; what happens to processes and
//! to the server does.

use celery_sim::{Activity, Config, Simulation, Step, TaskCall};
use keyspace::{ClientId, Engine, Event, Options, UnixMillis};

const START: UnixMillis = UnixMillis(1_795_402_600_000);

/// Three workers and a producer that has ten tasks to send, some of them for later.
fn world() -> (Engine, Simulation) {
    let mut engine = Engine::new(Options { start: START, ..Options::default() });
    engine.observe(true);
    let config = Config { latency_ms: 3, task_ms: 70, ..Config::solo() };
    let mut celery = Simulation::new(config, 11);
    for _ in 0..3 {
        celery.start_worker();
    }
    for n in 0..10 {
        let countdown_ms = (n % 3 == 0).then_some(n * 100);
        let call = TaskCall { countdown_ms, ..TaskCall::new("app.add", [n, 1]) };
        let task_id = celery.send_task(call);
        celery.get_result(&task_id);
    }
    celery.run(&mut engine, START);
    (engine, celery)
}

fn run_in_turns(of_ms: i64) -> Vec<Event> {
    let (mut engine, mut celery) = world();
    let mut at = START;
    while at < START + 60_000 {
        celery.run(&mut engine, at);
        at = (at + of_ms).min(START + 60_000);
    }
    celery.run(&mut engine, at);
    engine.take_events()
}

#[test]
fn long_turns_and_short_ones_and_single_steps_are_the_same() {
    let events = run_in_turns(60_000);
    assert!(events.len() > 500, "{} events are too few to tell", events.len());
    assert!(run_in_turns(1) == events, "short turns change what happens");
    assert!(run_in_turns(37) == events, "turns of another length change what happens");

    let (mut engine, mut celery) = world();
    let (mut others, mut stepped) = (Vec::new(), Vec::new());
    loop {
        let step = celery.step(&mut engine, START + 60_000, &mut others);
        let happened = engine.take_events();
        let mut clients: Vec<ClientId> = happened.iter().filter_map(commander).collect();
        clients.dedup();
        assert!(clients.len() <= 1, "a step runs one command, and what its script runs");
        stepped.extend(happened);
        if step == Step::Settled {
            break;
        }
        // A clone takes over in the middle of things.
        (engine, celery) = (engine.clone(), celery.clone());
    }
    assert!(stepped == events, "single steps and clones change what happens");
}

/// Who sent a command.
fn commander(event: &Event) -> Option<ClientId> {
    match event {
        Event::Command { client, .. } => Some(*client),
        _ => None,
    }
}

fn commands(engine: &mut Engine) -> Vec<(ClientId, String)> {
    let events = engine.take_events().into_iter().filter_map(|event| match event {
        Event::Command { client, args, .. } => {
            Some((client, String::from_utf8_lossy(&args[0]).into_owned()))
        }
        _ => None,
    });
    events.collect()
}

#[test]
fn a_paused_process_keeps_its_connections_and_goes_on_where_it_was() {
    let (mut engine, mut celery) = world();
    celery.run(&mut engine, START + 5_000);
    let worker = celery.snapshot()[0].clone();
    let is_workers =
        |(client, _): &(ClientId, String)| worker.clients.iter().any(|(known, _)| known == client);
    celery.pause_worker(worker.id);
    assert!(celery.is_paused(worker.id));
    engine.take_events();
    celery.run(&mut engine, START + 60_000);
    let under_way = commands(&mut engine).into_iter().filter(is_workers).count();
    assert!(under_way <= 1, "a stopped process sends nothing");
    assert!(celery.owns(worker.clients[0].0), "its connections stay");

    celery.resume_worker(worker.id, START + 60_000);
    celery.run(&mut engine, START + 62_000);
    assert!(commands(&mut engine).iter().any(|it| is_workers(it) && it.1 == "BRPOP"));
}

#[test]
fn a_worker_killed_before_unacked_loses_its_message() {
    let mut engine = Engine::new(Options { start: START, ..Options::default() });
    engine.observe(true);
    let mut celery = Simulation::new(Config::solo(), 1);
    let worker = celery.start_worker();
    celery.run(&mut engine, START + 500);
    celery.kill_worker_before_unacked(worker);
    celery.run(&mut engine, START + 5_000);
    assert!(!celery.snapshot()[0].activity.is_over(), "BRPOP without a message does not kill it");
    celery.send_task(TaskCall::new("app.add", [1, 2]));
    celery.run(&mut engine, START + 6_000);
    assert_eq!(celery.snapshot()[0].activity, Activity::Killed);
    let client = engine.connect(START + 6_000);
    engine.receive(client, b"LLEN celery\r\nEXISTS unacked unacked_index\r\n", START + 6_000);
    assert_eq!(engine.take_output(client), b":0\r\n:0\r\n", "it is nowhere any more");
}

#[test]
fn a_server_that_is_down_refuses_connections() {
    let mut engine = Engine::new(Options { start: START, ..Options::default() });
    let mut celery = Simulation::new(Config::solo(), 1);
    celery.refuse_connections_until(START + 1_000);
    assert!(celery.is_broker_down(START) && !celery.is_broker_down(START + 1_000));
    celery.start_worker();
    celery.run(&mut engine, START + 900);
    assert!(celery.snapshot()[0].clients.is_empty());
}
