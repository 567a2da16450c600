//! The editor of calls: what a program of Celery's users would say, and does here.

use super::config::problems;
use super::lab::Props;
use super::replies;
use crate::celery::lab::Action;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};
use yew::prelude::*;

/// What can be begun with: a name, and the Python for it.
type Example = (&'static str, &'static str);

const CALLS: [Example; 10] = [
    ("call", "add.delay(2, 3).get()\n"),
    ("a thousand", "for _ in range(1000): add.delay(2, 3)\n"),
    ("later", "add.apply_async((2, 3), countdown=10, expires=60)\n"),
    (
        "urgent",
        "for _ in range(5): slow.apply_async((3,), priority=9)\nadd.apply_async((2, 3), priority=0)\n",
    ),
    ("another queue", "send_mail.apply_async(('ada',), queue='mail')\n"),
    ("routing key", "send_mail.apply_async(('ada',), queue='mail', routing_key='mail.new')\n"),
    ("group", "group([add.s(1, 1)] * 5)().get()\n"),
    ("chain", "chain(add.s(2, 2), add.s(4), add.s(8))().get()\n"),
    ("chord", "chord([add.s(1, 1)] * 5)(xsum.s()).get()\n"),
    (
        "a task of your own",
        "@app.task(autoretry_for=(Exception,), max_retries=3, retry_backoff=True)\n\
         def charge(order):\n    \
         time.sleep(random.uniform(1, 3))\n    \
         if random.random() < 0.3: raise RuntimeError('no answer')\n    \
         return 'paid'\n\n\
         for _ in range(10): charge.delay(42)\n",
    ),
];

const CONTROL: [Example; 9] = [
    ("stats", "app.control.inspect().stats()\n"),
    (
        "who has what",
        "app.control.inspect().active()\napp.control.inspect().reserved()\n\
         app.control.inspect().scheduled()\n",
    ),
    ("queues", "app.control.inspect().active_queues()\n"),
    (
        "revoke",
        "slow.apply_async((5,), countdown=10, task_id='report')\n\
         app.control.revoke('report', reply=True)\n",
    ),
    ("terminate", "app.control.revoke('report', terminate=True, reply=True)\n"),
    (
        "rate limit",
        "app.control.rate_limit('app.add', '10/m', reply=True)\nfor _ in range(5): add.delay(2, 3)\n",
    ),
    (
        "time limit",
        "app.control.time_limit('app.slow', soft=2, hard=4, reply=True)\nslow.delay(10).get()\n",
    ),
    (
        "consume a queue",
        "app.control.add_consumer('mail', reply=True)\n\
         send_mail.apply_async(('ada',), queue='mail')\n",
    ),
    ("grow a pool", "app.control.pool_grow(2, reply=True)\n"),
];

/// The editor.
pub fn draw(props: &Props) -> Html {
    let state = &props.state;
    let oninput = props.on.reform(|event: InputEvent| {
        Action::Write(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let can_make = state.can_make() && !props.past;
    let onkeydown = {
        let on = props.on.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) && can_make {
                event.prevent_default();
                on.emit(Action::Make);
            }
        })
    };
    let lines = state.calls.lines().count().clamp(4, 14) + 1;
    html! {
        <div class="lab-drawer config" data-testid="send">
            <textarea
                class="config-text" data-testid="send-text" spellcheck="false" wrap="off"
                autocapitalize="off" autocomplete="off" rows={lines.to_string()}
                aria-label="Calls of tasks, in Python" placeholder="add.delay(2, 3).get()"
                aria-invalid={(!state.call_problems.is_empty()).to_string()}
                aria-describedby="send-problems" value={state.calls.clone()} {oninput} {onkeydown}
            />
            <div class="config-side">
                { examples(props, "calls", &CALLS) }
                { examples(props, "control", &CONTROL) }
                { problems("send-problems", &state.call_problems) }
                <div class="config-tools">
                    <button
                        type="button" class="call" data-testid="send-make" disabled={!can_make}
                        title="Ctrl-Enter" onclick={props.act(Action::Make)}
                    >{ "Run it" }</button>
                    <button
                        type="button" class="call" data-testid="send-beat" disabled={props.past}
                        title="A process that sends what beat_schedule in celeryconfig.py says"
                        onclick={props.act(Action::Beat)}
                    >{ "celery beat" }</button>
                    <p>
                        { "What a program of yours would say, word for word. A worker knows the tasks \
                           that there were when it started." }
                    </p>
                </div>
            </div>
            { replies::draw(&state.answers) }
        </div>
    }
}

fn examples(props: &Props, of: &'static str, examples: &[Example]) -> Html {
    html! {
        <div class="send-examples" role="group" aria-label={format!("Examples of {of}")}>
            <span class="send-examples-of" aria-hidden="true">{ of }</span>
            { for examples.iter().map(|&(name, text)| html! {
                <button
                    type="button" class="chip" key={name} data-testid="send-example"
                    data-example={name} title={text}
                    onclick={props.act(Action::Write(text.to_owned()))}
                >{ name }</button>
            }) }
        </div>
    }
}
