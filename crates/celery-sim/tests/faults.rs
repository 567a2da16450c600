//! What goes wrong, seen from the server; and that what somebody does can be done again.

use celery_sim::{Act, Activity, Config, Fault, Role, TaskCall, World};
use keyspace::{Event, UnixMillis};
use keyspace_resp::Value;

const START: UnixMillis = UnixMillis(1_795_402_600_000);

fn world() -> World {
    let config = Config { latency_ms: 5, task_ms: 100, ..Config::solo() };
    let mut world = World::new(config, 5, START);
    world.act(&Act::StartWorker, START).expect("a worker can start");
    world.run(START);
    world.run(START + 1_000);
    world
}

fn fail(world: &mut World, fault: Fault) {
    let now = world.engine.now();
    world.act(&Act::Fault(fault), now).expect("it can go wrong");
    world.run(now);
}

fn add(name: &str) -> Act {
    Act::send(name, TaskCall::new("app.add", [2, 3]))
}

fn activity(world: &World) -> Activity {
    world.simulation.snapshot()[0].activity.clone()
}

#[test]
fn a_fault_of_a_worker_that_is_not_there_says_so() {
    let mut world = world();
    let kill = Act::Fault(Fault::Kill("w7".to_owned()));
    assert_eq!(world.act(&kill, START), Err("there is no worker w7".to_owned()));
    fail(&mut world, Fault::Kill("w1@keyspace".to_owned()));
    assert_eq!(activity(&world), Activity::Killed);
    let kill = Act::Fault(Fault::Kill("w1".to_owned()));
    assert_eq!(world.act(&kill, START), Err("w1 does not run any more".to_owned()));
    assert_eq!(world.act(&Act::GetResult("x".into()), START), Err("no task is called x".into()));
}

#[test]
fn full_memory_refuses_what_is_sent_until_there_is_room() {
    let mut world = world();
    fail(&mut world, Fault::Kill("w1".to_owned()));
    fail(&mut world, Fault::FillMemory);
    let set = ["SET", "k", "v"];
    let Value::Error(error) = world.ask_as_a_stranger(&set) else {
        panic!("there is no memory for a key");
    };
    assert!(error.starts_with(b"OOM"));
    fail(&mut world, Fault::FreeMemory);
    assert_eq!(world.ask_as_a_stranger(&set), Value::Simple(b"OK".to_vec()));
}

#[test]
fn a_binding_that_is_evicted_is_gone() {
    let mut world = world();
    assert_eq!(world.ask(0, &["EXISTS", "_kombu.binding.celery"]), Value::Integer(1));
    fail(&mut world, Fault::EvictBinding("celery".to_owned()));
    assert_eq!(world.ask(0, &["EXISTS", "_kombu.binding.celery"]), Value::Integer(0));
}

#[test]
fn a_connection_that_is_cut_is_closed_by_the_server() {
    let mut world = world();
    let worker = world.worker("w1").expect("it runs");
    let client = world.simulation.client_of(worker, Role::Consumer).expect("it waits there");
    world.engine.take_events();
    fail(&mut world, Fault::CutConnection { worker: "w1".to_owned(), role: Role::Consumer });
    world.run(world.engine.now() + 20);
    let closed =
        |event: &Event| matches!(event, Event::Disconnected { client: it, .. } if *it == client);
    assert!(world.engine.take_events().iter().any(closed));
}

#[test]
fn a_restarted_server_keeps_its_keys_or_not_and_nobody_stays_connected() {
    for keep_data in [true, false] {
        let mut world = world();
        world.act(&add("a"), world.engine.now()).expect("a task can be sent");
        fail(&mut world, Fault::Pause("w1".to_owned()));
        world.run(world.engine.now() + 1_000);
        fail(&mut world, Fault::RestartBroker { keep_data, down_ms: 2_000 });
        let kept = world.ask(0, &["EXISTS", "_kombu.binding.celery"]);
        assert_eq!(kept, Value::Integer(i64::from(keep_data)));
        let clients = world.ask(0, &["CLIENT", "LIST"]);
        assert_eq!(clients.as_bytes().map(<[u8]>::len), Some(0), "{clients:?}");
    }
}

#[test]
fn a_machine_that_sleeps_does_nothing_meanwhile() {
    let mut world = world();
    world
        .act(
            &Act::Command {
                db: 0,
                args: ["SET", "k", "v", "EX", "60"].map(str::to_owned).to_vec(),
            },
            world.engine.now(),
        )
        .expect("OK");
    world.engine.take_events();
    let before = world.engine.now();
    fail(&mut world, Fault::JumpClock { ms: 3_600_000 });
    assert_eq!(world.engine.now(), before + 3_600_000);
    assert_eq!(world.ask(0, &["EXISTS", "k"]), Value::Integer(0));
    let polls = |event: &Event| matches!(event, Event::Command { args, .. } if args[0] == b"BRPOP");
    assert!(world.engine.take_events().iter().filter(|event| polls(event)).count() <= 2);
}

#[test]
fn a_configuration_is_for_processes_that_start_later() {
    let mut world = world();
    let text = "broker_url = 'redis://localhost/2'\nresult_backend = 'redis://localhost/3'";
    world.act(&Act::Configure(text.to_owned()), START).expect("it has no errors");
    assert_eq!(world.simulation.config().broker_db, 2);
    assert_eq!(world.simulation.config().latency_ms, 5, "what is no setting stays");
    assert!(world.act(&Act::Configure("broker_url = 1".to_owned()), START).is_err());
}

#[test]
fn the_same_acts_at_the_same_times_give_the_same_events() {
    let acts = [
        (0, add("a")),
        (40, Act::StartWorker),
        (90, Act::Fault(Fault::Pause("w1".to_owned()))),
        (
            500,
            Act::Send {
                call: TaskCall::new("app.boom", [0; 0]),
                count: 5,
                get: false,
                name: String::new(),
            },
        ),
        (900, Act::Fault(Fault::Resume("w1".to_owned()))),
        (1_200, Act::Fault(Fault::Kill("w2".to_owned()))),
        (1_300, Act::GetResult("a".to_owned())),
        (1_400, Act::StopWorker("w1".to_owned())),
    ];
    // They survive being written down.
    let text = serde_json::to_string(&acts).expect("acts are plain data");
    let read: Vec<(i64, Act)> = serde_json::from_str(&text).expect("as written");
    assert_eq!(read, acts);
    let play = |turn_ms: usize| {
        let mut world = world();
        let begin = world.engine.now();
        for (at, act) in &read {
            let at = begin + *at;
            for now in (world.engine.now().0..=at.0).step_by(turn_ms) {
                world.run(UnixMillis(now));
            }
            world.run(at);
            world.act(act, at).expect("it can be done");
            world.run(at);
        }
        world.run(begin + 30_000);
        world.engine.take_events()
    };
    let events = play(10_000);
    assert!(events.len() > 100);
    assert!(play(1) == events, "how often the host calls changes what happens");
}

trait Stranger {
    fn ask_as_a_stranger(&mut self, args: &[&str]) -> Value;
}

impl Stranger for World {
    /// What the server answers to an ordinary client.
    fn ask_as_a_stranger(&mut self, args: &[&str]) -> Value {
        let now = self.engine.now();
        let client = self.engine.connect(now);
        let mut bytes = Vec::new();
        keyspace_resp::encode_command(&mut bytes, args);
        self.engine.receive(client, &bytes, now);
        let output = self.engine.take_output(client);
        self.engine.disconnect(client, now);
        Value::decode(&output).expect("RESP").expect("a reply").0
    }
}
