//! Clients that wait for lists, against a model that is too simple to be wrong: whatever they do,
//! no element is lost or given twice, and who came first is served first.

use keyspace::{ClientId, Engine, Event, Options, UnixMillis};
use proptest::prelude::*;
use std::collections::VecDeque;

const KEYS: [&str; 3] = ["a", "b", "c"];
const CLIENTS: usize = 5;

/// What a client asks for: an element of the first of its keys that has one.
#[derive(Debug, Clone)]
struct Wait {
    keys: Vec<usize>,
    left: bool,
    /// Where a BLMOVE puts its element: a key, and whether at its head.
    destination: Option<(usize, bool)>,
    timeout_ms: i64,
}

impl Wait {
    fn command(&self) -> String {
        let keys: Vec<&str> = self.keys.iter().map(|&key| KEYS[key]).collect();
        let side = |left| if left { "LEFT" } else { "RIGHT" };
        let timeout = self.timeout_ms as f64 / 1000.0;
        match self.destination {
            Some((to, head)) => {
                let (from, to) = (keys[0], KEYS[to]);
                format!("BLMOVE {from} {to} {} {} {timeout}\r\n", side(self.left), side(head))
            }
            None if self.left => format!("BLPOP {} {timeout}\r\n", keys.join(" ")),
            None => format!("BRPOP {} {timeout}\r\n", keys.join(" ")),
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Wait(usize, Wait),
    /// One transaction of pushes: to which key, whether to its head, and how many elements.
    Push(Vec<(usize, bool, usize)>),
    Leave(usize),
    Advance(i64),
}

#[derive(Debug)]
struct Waiting {
    client: usize,
    wait: Wait,
    deadline: Option<i64>,
}

#[derive(Debug, Default)]
struct Model {
    now: i64,
    lists: [VecDeque<String>; 3],
    /// In order of arrival.
    waiting: Vec<Waiting>,
    owed: [String; CLIENTS],
    taken: Vec<String>,
}

impl Model {
    fn is_waiting(&self, client: usize) -> bool {
        self.waiting.iter().any(|waiting| waiting.client == client)
    }

    fn wait(&mut self, client: usize, wait: Wait) {
        let mut ready = VecDeque::new();
        if !self.serve(client, &wait, &mut ready) {
            let deadline = (wait.timeout_ms > 0).then_some(self.now + wait.timeout_ms);
            self.waiting.push(Waiting { client, wait, deadline });
        }
        self.serve_ready(ready);
    }

    fn push(&mut self, key: usize, head: bool, element: String) {
        if head {
            self.lists[key].push_front(element);
        } else {
            self.lists[key].push_back(element);
        }
    }

    fn serve_ready(&mut self, mut ready: VecDeque<usize>) {
        while let Some(key) = ready.pop_front() {
            let mut at = 0;
            while at < self.waiting.len() && !self.lists[key].is_empty() {
                if self.waiting[at].wait.keys.contains(&key) {
                    let Waiting { client, wait, .. } = self.waiting.remove(at);
                    assert!(self.serve(client, &wait, &mut ready), "one of its keys is a list");
                } else {
                    at += 1;
                }
            }
        }
    }

    fn serve(&mut self, client: usize, wait: &Wait, ready: &mut VecDeque<usize>) -> bool {
        let Some(&key) = wait.keys.iter().find(|&&key| !self.lists[key].is_empty()) else {
            return false;
        };
        let list = &mut self.lists[key];
        let popped = if wait.left { list.pop_front() } else { list.pop_back() };
        let element = popped.expect("the list is not empty");
        let bulk = format!("${}\r\n{element}\r\n", element.len());
        match wait.destination {
            Some((to, head)) => {
                self.owed[client] += &bulk;
                self.push(to, head, element);
                ready.push_back(to);
            }
            None => {
                self.owed[client] += &format!("*2\r\n$1\r\n{}\r\n{bulk}", KEYS[key]);
                self.taken.push(element);
            }
        }
        true
    }

    fn advance(&mut self, to: i64) {
        self.now = to;
        let (over, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.deadline.is_some_and(|deadline| deadline <= to));
        self.waiting = waiting;
        let over: Vec<Waiting> = over;
        for Waiting { client, .. } in over {
            self.owed[client] += "*-1\r\n";
        }
    }
}

/// The engine and the model, side by side.
struct Pair {
    engine: Engine,
    clients: Vec<ClientId>,
    pusher: ClientId,
    model: Model,
    pushed: usize,
}

impl Pair {
    fn new() -> Pair {
        let now = UnixMillis(0);
        let mut engine = Engine::new(Options::default());
        let clients = (0..CLIENTS).map(|_| engine.connect(now)).collect();
        let pusher = engine.connect(now);
        Pair { engine, clients, pusher, model: Model::default(), pushed: 0 }
    }

    fn now(&self) -> UnixMillis {
        UnixMillis(self.model.now)
    }

    fn run(&mut self, step: Step) {
        let now = self.now();
        match step {
            // What a waiting client sends is not run before it is served: see the transcripts.
            Step::Wait(client, _) if self.model.is_waiting(client) => {}
            Step::Wait(client, wait) => {
                self.engine.receive(self.clients[client], wait.command().as_bytes(), now);
                self.model.wait(client, wait);
            }
            Step::Push(pushes) => self.push(&pushes),
            Step::Leave(client) => {
                self.engine.disconnect(self.clients[client], now);
                self.clients[client] = self.engine.connect(now);
                self.model.waiting.retain(|waiting| waiting.client != client);
            }
            Step::Advance(by) => {
                self.engine.advance(now + by);
                self.model.advance(now.0 + by);
            }
        }
    }

    fn push(&mut self, pushes: &[(usize, bool, usize)]) {
        let mut commands = "MULTI\r\n".to_owned();
        for &(key, head, count) in pushes {
            commands += if head { "LPUSH " } else { "RPUSH " };
            commands += KEYS[key];
            for _ in 0..count {
                self.pushed += 1;
                commands += &format!(" {}", self.pushed);
                self.model.push(key, head, self.pushed.to_string());
            }
            commands += "\r\n";
        }
        commands += "EXEC\r\n";
        self.engine.receive(self.pusher, commands.as_bytes(), self.now());
        self.model.serve_ready(pushes.iter().map(|&(key, _, _)| key).collect());
        self.engine.take_output(self.pusher);
    }

    fn list(&mut self, key: &str) -> Vec<String> {
        let command = format!("LRANGE {key} 0 -1\r\n");
        self.engine.receive(self.pusher, command.as_bytes(), self.now());
        let reply = String::from_utf8(self.engine.take_output(self.pusher)).expect("ASCII");
        reply.split("\r\n").skip(2).step_by(2).map(str::to_owned).collect()
    }
}

fn wait() -> impl Strategy<Value = Wait> {
    let keys = prop::collection::vec(0..KEYS.len(), 1..4);
    let destination = prop::option::weighted(0.4, (0..KEYS.len(), any::<bool>()));
    let timeout_ms = prop_oneof![Just(0i64), 1i64..30];
    (keys, any::<bool>(), destination, timeout_ms).prop_map(
        |(mut keys, left, destination, timeout_ms)| {
            if destination.is_some() {
                keys.truncate(1);
            }
            Wait { keys, left, destination, timeout_ms }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let push = (0..KEYS.len(), any::<bool>(), 1usize..4);
    prop_oneof![
        6 => (0..CLIENTS, wait()).prop_map(|(client, wait)| Step::Wait(client, wait)),
        3 => prop::collection::vec(push, 1..3).prop_map(Step::Push),
        1 => (0..CLIENTS).prop_map(Step::Leave),
        2 => (1i64..20).prop_map(Step::Advance),
    ]
}

#[test]
fn a_wait_ends_at_its_millisecond() {
    let start = UnixMillis(1_000_000);
    let mut engine = Engine::new(Options { start, ..Options::default() });
    let (first, second) = (engine.connect(start), engine.connect(start));
    engine.receive(first, b"BLPOP q 0.1\r\nBLPOP q 0.05\r\n", start);
    engine.receive(second, b"BRPOP q 0.12\r\n", start);
    assert_eq!(engine.next_deadline(), Some(start + 100));
    engine.advance(start + 99);
    assert_eq!(engine.take_output(first), b"");
    engine.advance(start + 100);
    assert_eq!(engine.take_output(first), b"*-1\r\n");
    assert_eq!(engine.next_deadline(), Some(start + 120));
    // One large step, too, ends every wait at its own time: the second wait of the first client
    // began at 100.
    engine.observe(true);
    engine.advance(start + 1000);
    let ends: Vec<(ClientId, UnixMillis)> = engine
        .take_events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Unblocked { at, client } => Some((client, at)),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [(second, start + 120), (first, start + 150)]);
    assert_eq!(engine.next_deadline(), None);
}

proptest! {
    #[test]
    fn no_element_is_lost_or_given_twice_and_who_came_first_is_served_first(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut pair = Pair::new();
        for step in steps {
            let told = format!("{step:?}");
            pair.run(step);
            for (client, &id) in pair.clients.iter().enumerate() {
                let output = String::from_utf8(pair.engine.take_output(id)).expect("ASCII");
                let owed = std::mem::take(&mut pair.model.owed[client]);
                prop_assert_eq!(output, owed, "client {} after {}", client, told);
                prop_assert_eq!(pair.engine.is_blocked(id), pair.model.is_waiting(client));
            }
        }
        let number = |element: &String| element.parse::<usize>().expect("a number");
        let mut elements: Vec<usize> = pair.model.taken.iter().map(number).collect();
        for (index, key) in KEYS.iter().enumerate() {
            let list = pair.list(key);
            prop_assert_eq!(&list, &Vec::from(pair.model.lists[index].clone()));
            elements.extend(list.iter().map(number));
        }
        elements.sort_unstable();
        prop_assert_eq!(elements, (1..=pair.pushed).collect::<Vec<_>>());
    }
}
