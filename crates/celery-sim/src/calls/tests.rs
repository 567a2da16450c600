use super::*;
use crate::config::TaskDefinition;
use crate::control::ControlCall;
use serde_json::json;

fn acts(text: &str) -> Vec<Act> {
    let parsed = parse(text, &Config::default());
    assert_eq!(parsed.problems, [], "{text}");
    parsed.acts
}

fn problem(text: &str) -> String {
    let parsed = parse(text, &Config::default());
    let [problem] = parsed.problems.as_slice() else {
        panic!("{text}: {:?}", parsed.problems);
    };
    format!("{}:{} {}", problem.place.line, problem.place.column, problem.message)
}

fn send(call: TaskCall, count: u32, get: bool) -> Act {
    Act::Send { call, count, get, name: String::new() }
}

#[test]
fn a_task_is_sent_with_its_arguments() {
    let call = TaskCall::new("app.add", [2, 3]);
    assert_eq!(acts("add.delay(2, 3)"), [send(call.clone(), 1, false)]);
    assert_eq!(acts("# with its result\nadd.delay(2, 3).get()\n"), [send(call, 1, true)]);
    let kwargs = json!({"x": 2, "y": [1, null]});
    let call = TaskCall {
        kwargs: kwargs.as_object().expect("an object").clone(),
        ..TaskCall::new("app.add", Vec::<i64>::new())
    };
    assert_eq!(acts("add.delay(x=2, y=[1, None])"), [send(call, 1, false)]);
}

#[test]
fn apply_async_takes_options() {
    let text = "add.apply_async((2, 3), countdown=1.5, expires=60, priority=0, queue='mail',\n  \
                task_id='mine', ignore_result=True, time_limit=9, soft_time_limit=8, retry=False)";
    let call = TaskCall {
        countdown_ms: Some(1_500),
        expires_ms: Some(60_000),
        priority: Some(0),
        queue: Some("mail".to_owned()),
        task_id: Some("mine".to_owned()),
        ignore_result: Some(true),
        time_limit: Some(9.0),
        soft_time_limit: Some(8.0),
        retry: Some(false),
        ..TaskCall::new("app.add", [2, 3])
    };
    assert_eq!(acts(text), [send(call, 1, false)]);
    let named = acts("add.apply_async(args=[2], kwargs={'y': 3})");
    assert_eq!(acts("add.apply_async([2], {'y': 3})"), named);
}

#[test]
fn a_loop_sends_as_many() {
    let call = TaskCall::new("app.add", [1, 1]);
    assert_eq!(acts("for _ in range(500): add.delay(1, 1)"), [send(call.clone(), 500, false)]);
    assert_eq!(acts("for i in range(2):\n    add.delay(1, 1).get()"), [send(call, 2, true)]);
    assert_eq!(
        problem("for _ in range(10001): add.delay(1, 1)"),
        "1:10 a loop sends from 1 to 10000 tasks here"
    );
    assert!(
        problem("for _ in range(n): add.delay(1, 1)").starts_with("1:16 the name n is not known")
    );
    assert!(problem("for _ in [1, 2]: add.delay(1, 1)").starts_with("1:10 expected a loop"));
}

#[test]
fn groups_chains_and_chords_are_sent_as_wholes() {
    let one = || TaskCall::new("app.add", [1, 1]);
    let canvas = |canvas| vec![Act::SendCanvas { canvas, name: String::new() }];
    let group = canvas(Canvas::Group(vec![one(), one()]));
    assert_eq!(acts("group(add.s(1, 1), add.s(1, 1))().get()"), group);
    assert_eq!(acts("group([add.s(1, 1)] * 2).delay().get()"), group);
    let later = TaskCall { countdown_ms: Some(3_000), ..TaskCall::new("app.add", [4]) };
    let chain = canvas(Canvas::Chain(vec![one(), later]));
    assert_eq!(acts("chain(add.s(1, 1), add.s(4).set(countdown=3)).apply_async().get()"), chain);
    let body = Box::new(TaskCall::new("app.xsum", Vec::<i64>::new()));
    let chord = canvas(Canvas::Chord(vec![one(), one()], body));
    assert_eq!(acts("chord([add.s(1, 1)] * 2)(xsum.s()).get()"), chord);
    assert_eq!(acts("chord([add.s(1, 1)] * 2, xsum.s())().get()"), chord);
    assert!(problem("group(add.s(1, 1))()").ends_with("add .get()"));
    assert!(problem("group(add.delay(1, 1))().get()").contains("expected a signature"));
    assert!(problem("chord([add.s(1, 1)])().get()").contains("the chord's body"));
    assert!(problem("[add.s(1, 1)] * 2000").contains("no more than 1000 items"));
}

#[test]
fn what_cannot_be_sent_is_said_at_its_place() {
    assert!(problem("add(2, 3)").starts_with("1:1 add(...) runs here and now"));
    assert!(problem("\nnope.delay(1)").starts_with("2:1 there is no task nope; there are add, "));
    assert!(problem("add.apply_async(2, 3)").starts_with("1:17 expected the arguments as a tuple"));
    assert!(problem("add.apply_async((2, 3), priority=10)").starts_with("1:34 priority takes"));
    assert!(problem("add.apply_async((2, 3), link=1)").starts_with("1:30 link is not known here"));
    assert!(problem("add.delay({1})").starts_with("1:11 JSON has nothing for a set"));
    assert!(problem("add.delay(x)").starts_with("1:11 the name x is not known here"));
    assert!(problem("add.delay(2, 3").contains("never closed"));
    assert!(problem("42").contains("expected a call"));
    let both = parse("add.delay(1, )\nadd.send(1)\nadd.delay(2, 3)", &Config::default());
    assert_eq!((both.acts.len(), both.problems.len()), (2, 1));
}

#[test]
fn a_task_is_defined_and_then_called() {
    let text = "@app.task(autoretry_for=(Exception,), max_retries=5, retry_backoff=True, acks_late=True, rate_limit='10/m')\n\
                def charge(self, order):\n    \
                time.sleep(random.uniform(1, 3))\n    \
                if random.random() < 0.2: raise RuntimeError('no answer')\n    \
                return {'paid': True}\n\
                charge.delay(42)\n";
    let task = TaskDefinition {
        name: "charge".to_owned(),
        min_ms: 1_000,
        max_ms: 3_000,
        failure_chance: 0.2,
        max_retries: 5,
        retry_backoff: true,
        retry_jitter: true,
        acks_late: Some(true),
        rate_limit: Some("10/m".to_owned()),
        returns: json!({"paid": true}),
    };
    let call = TaskCall::new("app.charge", [42]);
    assert_eq!(acts(text), [Act::Define(task), send(call, 1, false)]);
    let short = acts("@app.task\ndef nap():\n    time.sleep(2)\n");
    assert!(matches!(short.as_slice(), [Act::Define(task)] if task.min_ms == 2_000));
    assert!(problem("@app.task\nadd.delay(1)").starts_with("2:1 expected def"));
    assert!(problem("@app.task\ndef f():\n    x = 1\n").contains("expected time.sleep(2)"));
    let retried = acts("@app.task(autoretry_for=(Exception,))\ndef f(): return 1\n");
    assert!(matches!(retried.as_slice(), [Act::Define(task)] if task.max_retries == 3));
    let never = "@app.task(max_retries=5)\ndef f(): return 1\n";
    assert!(problem(never).starts_with("1:23 nothing is retried without autoretry_for"));
    assert!(problem("@app.task(queue=1)\ndef f(): return 1").starts_with("1:17 queue"));
}

fn control(method: &str, arguments: serde_json::Value) -> ControlCall {
    ControlCall {
        method: method.to_owned(),
        arguments: arguments.as_object().expect("an object").clone(),
        ..ControlCall::default()
    }
}

fn wanted(text: &str) -> ControlCall {
    assert_eq!(acts(text), [Act::Program(text.to_owned())]);
    match program(text) {
        Ok(Program::Control(call)) => {
            assert_eq!(call.title(), text);
            ControlCall { said: String::new(), ..call }
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn workers_are_called_by_remote_control_as_celery_sends_it() {
    let revoke = json!({"task_id": "mine", "terminate": true, "signal": "SIGTERM"});
    assert_eq!(
        wanted("app.control.revoke('mine', terminate=True)"),
        control("revoke", revoke.clone())
    );
    let call = wanted("app.control.terminate('mine')");
    assert_eq!(call, control("revoke", revoke));
    assert_eq!(call.arguments.keys().collect::<Vec<_>>(), ["task_id", "terminate", "signal"]);
    let limit = json!({"task_name": "app.add", "rate_limit": "10/m"});
    assert_eq!(
        wanted(
            "app.control.rate_limit('app.add', '10/m', destination=['w1@keyspace'], reply=True)"
        ),
        ControlCall {
            destination: vec!["w1@keyspace".to_owned()],
            reply: true,
            ..control("rate_limit", limit)
        }
    );
    let call = wanted("app.control.time_limit('app.add', soft=1.5, hard=2)");
    assert_eq!(
        call,
        control("time_limit", json!({"task_name": "app.add", "hard": 2, "soft": 1.5}))
    );
    assert_eq!(call.arguments.keys().collect::<Vec<_>>(), ["task_name", "hard", "soft"]);
    let consumer = json!({
        "queue": "mail", "exchange": null, "exchange_type": "direct", "routing_key": null,
    });
    assert_eq!(wanted("app.control.add_consumer('mail')"), control("add_consumer", consumer));
    assert_eq!(wanted("app.control.pool_grow(2)"), control("pool_grow", json!({"n": 2})));
    assert_eq!(
        wanted("app.control.broadcast('ping', arguments={}, reply=True, limit=1, timeout=2)"),
        ControlCall { reply: true, limit: Some(1), timeout: 2.0, ..control("ping", json!({})) }
    );
    assert_eq!(program("app.control.purge()"), Ok(Program::Purge));
}

#[test]
fn workers_are_inspected() {
    assert_eq!(wanted("app.control.inspect().stats()"), ControlCall::inspect("stats"));
    let call = wanted("app.control.inspect(['w1@keyspace'], timeout=3).query_task('a', 'b')");
    assert_eq!(call.destination, ["w1@keyspace"]);
    assert_eq!((call.timeout, call.by_node), (3.0, true));
    assert_eq!(call.arguments.get("ids"), Some(&json!(["a", "b"])));
    let named =
        wanted("app.control.inspect(pattern='w?@*', matcher='glob').registered('max_retries')");
    assert_eq!(named.pattern.as_deref(), Some("w?@*"));
    assert_eq!(named.arguments.get("taskinfoitems"), Some(&json!(["max_retries"])));
}

#[test]
fn what_remote_control_does_not_take_is_told_with_its_place() {
    let cases = [
        ("app.control.revoke()", "1:1 revoke() needs task_id"),
        (
            "app.control.revoke(5)",
            "1:20 task_id takes a text in quotes, or a list of them, here, not an int",
        ),
        (
            "app.control.revoke('a', 'w1')",
            "1:25 destination takes a list of workers, as in ['w1@keyspace'], here, not a str",
        ),
        (
            "app.control.pool_grow(n=1, by=2)",
            "1:31 pool_grow() has no by; there are n, destination, reply, timeout, limit, pattern, \
             matcher",
        ),
        ("app.control.inspect().stats(1)", "1:29 stats() takes less"),
        ("app.control.inspect().stats(x=1)", "1:31 stats() takes nothing"),
        (
            "app.control.ping(timeout=-0.2)",
            "1:26 timeout takes a number of seconds, up to 3600, here, not a float",
        ),
        ("for _ in range(2): app.control.ping()", "1:20 only single tasks are sent in a loop here"),
    ];
    for (text, expected) in cases {
        assert_eq!(problem(text), expected);
    }
    assert!(
        problem("app.control.nothing()")
            .starts_with("1:1 app.control has no nothing(); there are revoke, ")
    );
    assert!(
        problem("app.control.inspect().nothing()")
            .starts_with("1:1 inspect() has no nothing(); there are stats, ")
    );
    assert!(problem("app.control.inspect()").starts_with("1:1 this asks nothing yet"));
}

#[test]
fn a_line_for_a_terminal_starts_what_it_says() {
    let acts = acts("celery -A app worker -n w2@%h -c 4\nadd.delay(2, 3)\ncelery status");
    let run = |at: usize| match &acts[at] {
        Act::Program(text) => program(text),
        other => panic!("{other:?}"),
    };
    assert!(matches!(run(0), Ok(Program::RunWorker(options)) if options.concurrency == Some(4)));
    assert!(matches!(run(2), Ok(Program::Control(call)) if call.method == "ping"));
    let said = problem("add.delay(2, 3)\n celery worker -c none");
    assert_eq!(said, "2:19 -c takes a whole number from 1 to 64 here");
}
