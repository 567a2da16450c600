//! The bar of time: the run from its earliest moment to the present, to look at any of it.

use crate::backend::{ClockAction, ClockState, Mark, TimeRequest, TimeState};
use crate::design::{Icon, Shared, Symbol, units};
use crate::host::{frames::Frames, page, time};
use web_sys::{HtmlInputElement, MouseEvent};
use yew::prelude::*;

const HOUR_MS: f64 = 3_600_000.0;

/// What the bar needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub time: Shared<TimeState>,
    pub clock: Option<ClockState>,
    pub ready: bool,
    pub on: Callback<TimeRequest>,
    pub on_clock: Callback<ClockAction>,
}

impl Props {
    fn ask(&self, request: TimeRequest) -> Callback<MouseEvent> {
        self.on.reform(move |_: MouseEvent| request.clone())
    }
}

/// The bar of time.
#[function_component]
pub fn TimeBar(props: &Props) -> Html {
    let (Some(clock), true) = (props.clock, props.ready) else {
        return html! { <section class="time-bar" aria-label="Time" /> };
    };
    let is_past = props.time.present.is_some();
    html! {
        <section class="time-bar" aria-label="Time" data-past={is_past.then_some("true")}>
            <Track time={props.time.clone()} {clock} on={props.on.clone()} />
            if is_past {
                <button
                    type="button" class="chip time-fork" data-testid="time-fork"
                    title="What came after is forgotten"
                    onclick={props.ask(TimeRequest::Fork)}
                >{ "go on from here" }</button>
                <button
                    type="button" class="chip" data-testid="time-return"
                    onclick={props.ask(TimeRequest::Return)}
                >{ "return to the present" }</button>
            } else {
                <button
                    type="button" class="chip" data-testid="time-hour"
                    title="An hour passes, with everything that happens in it"
                    onclick={props.on_clock.reform(|_: MouseEvent| ClockAction::Skip(HOUR_MS))}
                >{ "+1 h" }</button>
            }
            <button
                type="button" class="chip" data-testid="time-step-command"
                title="Stop, and let one more command run (,)"
                onclick={props.ask(TimeRequest::StepCommand)}
            >{ "1 command" }</button>
            { pause_on(props) }
            { file(props) }
            { said(&props.time) }
        </section>
    }
}

/// Where to stop.
fn pause_on(props: &Props) -> Html {
    let onchange = props.on.reform(|event: Event| {
        TimeRequest::PauseOn(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    html! {
        <input
            class="field time-pause" data-testid="time-pause-on" type="text" spellcheck="false"
            autocomplete="off" autocapitalize="off" aria-label="Stop after this command"
            placeholder="stop after …" title="A command, and parts of its arguments: HSET unacked"
            value={props.time.pause_on.clone()} {onchange}
        />
    }
}

/// The run as a file.
fn file(props: &Props) -> Html {
    let on = props.on.clone();
    let onchange = move |event: Event| {
        let on = on.clone();
        page::read_file(&event, move |text| on.emit(TimeRequest::Import(text)));
    };
    html! {
        <>
            <button
                type="button" class="chip" data-testid="time-export"
                title="Saves this run as a file that plays it again"
                onclick={props.ask(TimeRequest::Export)}
            >{ "save run" }</button>
            <label class="chip time-open" title="Plays a run from a file, in place of this one">
                { "open run" }
                <input
                    type="file" class="sr" accept=".json,application/json"
                    data-testid="time-import" {onchange}
                />
            </label>
        </>
    }
}

fn said(time: &TimeState) -> Html {
    match (&time.said, &time.stopped_after) {
        (Some(said), _) => html! {
            <span class="time-said is-bad" role="alert" data-testid="time-said">
                <Icon symbol={Symbol::Warning} />{ said }
            </span>
        },
        (None, Some(command)) => html! {
            <span class="time-said" role="status" data-testid="time-said">
                { "stopped after " }<code>{ command }</code>
            </span>
        },
        (None, None) => html! {},
    }
}

#[derive(PartialEq, Properties)]
struct TrackProps {
    time: Shared<TimeState>,
    clock: ClockState,
    on: Callback<TimeRequest>,
}

/// The track with its marks and its knob, drawn again while the clock runs.
#[function_component]
fn Track(props: &TrackProps) -> Html {
    let clock = props.clock;
    let now = use_state_eq(|| 0.0);
    use_effect_with((clock, props.time.begin), {
        let now = now.setter();
        move |clock| {
            let (clock, begin) = *clock;
            let show = move || {
                let at = clock.at(time::real_now());
                let grain = grain(at - begin);
                now.set((at / grain).floor() * grain);
            };
            show();
            let frames = (!clock.paused).then(|| Frames::start(show));
            move || drop(frames)
        }
    });
    let shown = if clock.paused { clock.engine } else { *now };
    let begin = props.time.begin;
    let end = props.time.present.unwrap_or(shown).max(begin + 1.0);
    let share = |at: f64| ((at - begin) / (end - begin) * 100.0).clamp(0.0, 100.0);
    let oninput = props.on.reform(|event: InputEvent| {
        let value = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
        TimeRequest::Visit(value)
    });
    let label = units::time_of_day(shown, time::local_offset_minutes(shown));
    let mark = |mark: &Mark| {
        let style = format!("left:{:.2}%", share(mark.at));
        html! { <i class="time-mark" {style} title={mark.title.clone()} /> }
    };
    html! {
        <div class="time-track" title={limits(&props.time)}>
            <div class="time-marks" aria-hidden="true">
                { for props.time.marks.iter().map(mark) }
            </div>
            <input
                type="range" class="time-range" data-testid="time-range" aria-label="Moment"
                aria-valuetext={label.clone()} min={begin.to_string()} max={end.to_string()}
                step="1" value={shown.to_string()} {oninput}
            />
            <span class="time-ago" data-testid="time-ago">
                { match props.time.present {
                    Some(present) => format!("{} ago", units::span((present - shown).max(0.0))),
                    None => "now".to_owned(),
                } }
            </span>
        </div>
    }
}

/// How exactly a moment is shown on a track that stands for so many milliseconds: half a pixel,
/// or a tenth of a second.
fn grain(length: f64) -> f64 {
    (length / 2_000.0).max(100.0).floor()
}

/// How far back one can look.
fn limits(time: &TimeState) -> String {
    format!(
        "{} of {} moments are kept, {} of {}; before the first, nothing can be looked at",
        time.kept,
        time.kept_max,
        units::bytes(time.weight),
        units::bytes(time.weight_max),
    )
}
