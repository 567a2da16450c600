//! The timeline: a row a worker, a bar an attempt, and above them how many messages waited.
//!
//! It is a handful of SVG paths, as wide as two stretches of time: the one that is over, and the
//! one to come, in which what is open goes on. It moves to the left as time passes, so nothing is
//! drawn again until something happens.

use crate::backend::ClockState;
use crate::celery::Action;
use crate::celery::picture::{TokenId, short};
use crate::celery::timeline::{Bar, Cause, Link, Outcome, Row, Timeline};
use crate::design::{Icon, Shared, Symbol, units};
use crate::host::page::prefers_less_motion;
use crate::host::time::{local_offset_minutes, real_now};
use std::fmt::Write;
use web_sys::{HtmlElement, MouseEvent};
use yew::prelude::*;

/// How many units of the drawing a stretch of time is wide.
const WIDTH: f64 = 1_000.0;
/// How high the plot of counts is, and its distance to the rows, in pixels.
const PLOT: f64 = 34.0;
const GAP: f64 = 6.0;
/// How high a row is at least, and a lane within it.
const ROW: f64 = 20.0;
const LANE: f64 = 7.0;
/// No bar is narrower than this, in units.
const NARROW: f64 = 2.5;
/// How far beside a bar a click may be, in units.
const NEAR: f64 = 5.0;
/// How many marks of time there are at most.
const TICKS: f64 = 6.0;
/// The steps between marks of time, in milliseconds.
const STEPS: [f64; 15] =
    [100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 1.8e6, 3.6e6, 2.16e7, 8.64e7];

/// What the timeline needs.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    pub timeline: Shared<Timeline>,
    pub clock: ClockState,
    pub span_ms: f64,
    pub selected: Option<TokenId>,
    pub on: Callback<Action>,
}

/// The timeline.
#[function_component]
pub fn TimelineView(props: &Props) -> Html {
    let timeline = &props.timeline;
    let made = use_mut_ref(|| 0_u32);
    let moves = use_memo((timeline.clone(), props.clock), move |(timeline, clock)| {
        *made.borrow_mut() += 1;
        moves(timeline, *clock, *made.borrow())
    });
    let scale = Scale::of(timeline);
    let zoom = |by: i32| props.on.reform(move |_: MouseEvent| Action::Zoom(by));
    html! {
        <section class="timeline" data-testid="celery-timeline" aria-label="Timeline">
            <header class="timeline-head">
                <h3>{ "Timeline" }</h3>
                { legend() }
                <span class="timeline-zoom" role="group" aria-label="Stretch of time">
                    <button type="button" class="tool" title="A shorter stretch of time" aria-label="A shorter stretch of time" onclick={zoom(-1)}>
                        <Icon symbol={Symbol::Add} />
                    </button>
                    <span>{ units::span(props.span_ms) }</span>
                    <button type="button" class="tool" title="A longer stretch of time" aria-label="A longer stretch of time" onclick={zoom(1)}>
                        <Icon symbol={Symbol::Less} />
                    </button>
                </span>
            </header>
            <div class="timeline-body">
                { names(timeline, &scale) }
                <div class="timeline-sight" style={format!("height:{:.0}px", scale.height)}>
                    <div class="timeline-layer" style={(*moves).clone()}>
                        <Drawing
                            timeline={timeline.clone()} selected={props.selected} on={props.on.clone()}
                        />
                    </div>
                </div>
            </div>
            if let Some(before) = timeline.forgotten_before {
                <p class="timeline-note">
                    { format!("What began before {} is forgotten.", clock_text(before)) }
                </p>
            }
        </section>
    }
}

/// How the layer moves to the left from now on: by one stretch of time while that passes. The browser
/// does it, by about a pixel at a time, and begins anew when the animation has the other of its two
/// names.
fn moves(timeline: &Timeline, clock: ClockState, made: u32) -> String {
    let span = (timeline.until - timeline.since).max(1.0);
    let passed = (clock.at(real_now()) - timeline.until).clamp(0.0, span);
    if clock.paused || prefers_less_motion() {
        return format!("transform:translateX({:.4}%)", -50.0 * passed / span);
    }
    let name = if made.is_multiple_of(2) { "even" } else { "odd" };
    format!(
        "animation:timeline-{name} {:.0}ms steps({WIDTH}) {:.0}ms both",
        span / clock.rate,
        -passed / clock.rate
    )
}

fn legend() -> Html {
    let entries = [
        ("wait", "taken"),
        ("open", "runs"),
        ("success", "done"),
        ("failure", "failed"),
        ("lost", "lost"),
        ("link", "same task again"),
    ];
    html! {
        <ul class="timeline-legend" aria-hidden="true">
            { for entries.into_iter().map(|(name, text)| html! {
                <li><i class={format!("swatch swatch-{name}")}></i>{ text }</li>
            }) }
        </ul>
    }
}

fn names(timeline: &Timeline, scale: &Scale) -> Html {
    let now = timeline.samples.last();
    html! {
        <div class="timeline-names">
            <p style={format!("height:{PLOT}px;margin-bottom:{GAP}px")}>
                <span class="is-waiting">{ units::count(now.map_or(0, |now| now.waiting).into()) }{ " waiting" }</span>
                <span class="is-unacked">{ units::count(now.map_or(0, |now| now.unacked).into()) }{ " unacked" }</span>
            </p>
            { for timeline.rows.iter().zip(&scale.rows).map(|(row, (_, height))| html! {
                <p
                    key={row.worker.clone()} style={format!("height:{height}px")}
                    class={row.until.map(|_| "is-over")} title={row.worker.clone()}
                >{ short(&row.worker) }</p>
            }) }
            <p class="timeline-axis-name"></p>
        </div>
    }
}

/// Where things are in the drawing.
struct Scale {
    since: f64,
    span: f64,
    /// Where each row begins, and how high it is.
    rows: Vec<(f64, f64)>,
    height: f64,
}

impl Scale {
    fn of(timeline: &Timeline) -> Scale {
        let mut top = PLOT + GAP;
        let mut rows = Vec::new();
        for row in &timeline.rows {
            let height = (f64::from(row.lanes) * LANE + 6.0).max(ROW);
            rows.push((top, height));
            top += height;
        }
        let span = (timeline.until - timeline.since).max(1.0);
        Scale { since: timeline.since, span, rows, height: top + 18.0 }
    }

    fn x(&self, at: f64) -> f64 {
        ((at - self.since) / self.span * WIDTH).clamp(-20.0, 2.0 * WIDTH + 20.0)
    }

    /// The top and the height of a lane.
    fn lane(&self, row: usize, lanes: u32, lane: u32) -> (f64, f64) {
        let (top, height) = self.rows.get(row).copied().unwrap_or((0.0, ROW));
        let each = (height - 6.0) / f64::from(lanes.max(1));
        (top + 3.0 + f64::from(lane) * each, (each - 1.0).max(3.0))
    }
}

#[derive(Clone, PartialEq, Properties)]
struct DrawingProps {
    timeline: Shared<Timeline>,
    selected: Option<TokenId>,
    on: Callback<Action>,
}

#[function_component]
fn Drawing(props: &DrawingProps) -> Html {
    let timeline = &props.timeline;
    let scale = Scale::of(timeline);
    let view_box = format!("0 0 {} {:.0}", 2.0 * WIDTH, scale.height);
    let onclick = {
        let (timeline, on) = (timeline.clone(), props.on.clone());
        Callback::from(move |event: MouseEvent| {
            if let Some(token) = hit(&timeline, &event) {
                on.emit(Action::Select(Some(token)));
            }
        })
    };
    html! {
        <div class="timeline-drawing" {onclick}>
            <svg
                viewBox={view_box} preserveAspectRatio="none" role="img"
                aria-label={described(timeline)}
                style={format!("height:{:.0}px", scale.height)}
            >
                { plot(timeline, &scale) }
                { rows(timeline, &scale) }
                { bars(timeline, &scale) }
                { links(timeline, &scale) }
                { marked(timeline, &scale, props.selected) }
            </svg>
            { for labels(timeline, &scale) }
            { for ticks(timeline, &scale) }
        </div>
    }
}

/// What somebody hears who does not see it.
fn described(timeline: &Timeline) -> String {
    let attempts: u32 = timeline.rows.iter().flat_map(|row| &row.bars).map(|bar| bar.count).sum();
    format!("{attempts} attempts of {} workers; the table of tasks lists them", timeline.rows.len())
}

/// How many messages waited and were unacknowledged, as two steps of one scale.
fn plot(timeline: &Timeline, scale: &Scale) -> Html {
    let most = timeline.samples.iter().map(|it| it.waiting.max(it.unacked)).max().unwrap_or(0);
    let most = f64::from(most.max(4));
    let path = |count: fn(&crate::celery::timeline::Sample) -> u32| {
        let mut line = String::new();
        let mut before = None;
        for sample in &timeline.samples {
            let (x, y) =
                (scale.x(sample.at), PLOT - f64::from(count(sample)) / most * (PLOT - 4.0));
            let _ = match before {
                None => write!(line, "M{x:.1} {PLOT}V{y:.1}"),
                Some(_) => write!(line, "H{x:.1}V{y:.1}"),
            };
            before = Some(y);
        }
        if before.is_some() {
            let _ = write!(line, "H{:.0}V{PLOT}", 2.0 * WIDTH + 20.0);
        }
        line
    };
    html! {
        <>
            <path class="plot plot-waiting" d={path(|sample| sample.waiting)} />
            <path class="plot plot-unacked" d={path(|sample| sample.unacked)} />
            <path class="plot-base" d={format!("M0 {PLOT}H{}", 2.0 * WIDTH)} />
        </>
    }
}

/// From when to when each worker was there.
fn rows(timeline: &Timeline, scale: &Scale) -> Html {
    let mut lives = String::new();
    for (row, (top, height)) in timeline.rows.iter().zip(&scale.rows) {
        let (from, to) = (scale.x(row.since), row.until.map_or(2.0 * WIDTH, |end| scale.x(end)));
        let middle = top + height / 2.0;
        let _ = write!(lives, "M{from:.1} {middle:.1}H{to:.1}");
    }
    html! { <path class="lives" d={lives} /> }
}

/// The bars, one path a kind.
fn bars(timeline: &Timeline, scale: &Scale) -> Html {
    const KINDS: [Outcome; 7] = [
        Outcome::Open,
        Outcome::Success,
        Outcome::Failure,
        Outcome::Retry,
        Outcome::Revoked,
        Outcome::Lost,
        Outcome::Returned,
    ];
    let mut waits = String::new();
    let mut ends = String::new();
    let mut runs: [String; KINDS.len()] = Default::default();
    for (at, row) in timeline.rows.iter().enumerate() {
        for bar in &row.bars {
            let (top, height) = scale.lane(at, row.lanes, bar.lane);
            let closed = bar.closed.map_or(2.0 * WIDTH, |closed| scale.x(closed));
            let taken = scale.x(bar.taken);
            let middle = top + height / 2.0 - 1.0;
            let _ = write!(
                waits,
                "M{taken:.1} {middle:.1}H{:.1}v2H{taken:.1}z",
                closed.max(taken + NARROW)
            );
            if let Some((from, to)) = ran(bar, scale) {
                let kind = KINDS.iter().position(|kind| *kind == bar.outcome).unwrap_or_default();
                let width = (to - from).max(NARROW);
                let _ =
                    write!(runs[kind], "M{from:.1} {top:.1}h{width:.1}v{height:.1}h-{width:.1}z");
            }
            if bar.outcome == Outcome::Lost {
                let _ = write!(ends, "M{closed:.1} {top:.1}v{height:.1}");
            }
        }
    }
    html! {
        <>
            <path class="bar-wait" d={waits} />
            { for KINDS.iter().zip(runs).map(|(kind, d)| html! {
                <path class={format!("bar bar-{}", kind.word())} {d} />
            }) }
            <path class="bar-end" d={ends} />
        </>
    }
}

/// From where to where an attempt ran, in the drawing.
fn ran(bar: &Bar, scale: &Scale) -> Option<(f64, f64)> {
    let from = match bar.count {
        1 => bar.started?,
        _ => bar.taken,
    };
    let to = if bar.count == 1 { bar.ended.or(bar.closed) } else { bar.closed };
    Some((scale.x(from), to.map_or(2.0 * WIDTH, |to| scale.x(to))))
}

fn links(timeline: &Timeline, scale: &Scale) -> Html {
    let draw = |of: &dyn Fn(&Link) -> bool| {
        let mut path = String::new();
        for link in timeline.links.iter().filter(|link| of(link)) {
            curve(&mut path, timeline, scale, link);
        }
        path
    };
    html! {
        <>
            <path class="link link-restored" d={draw(&|link| link.cause != Cause::Retried)} />
            <path class="link link-retried" d={draw(&|link| link.cause == Cause::Retried)} />
        </>
    }
}

fn curve(path: &mut String, timeline: &Timeline, scale: &Scale, link: &Link) {
    let point = |(row, lane, at): (u32, u32, f64)| {
        let lanes = timeline.rows.get(row as usize).map_or(1, |row| row.lanes);
        let (top, height) = scale.lane(row as usize, lanes, lane);
        (scale.x(at), top + height / 2.0)
    };
    let ((x1, y1), (x2, y2)) = (point(link.from), point(link.to));
    let bend = ((x2 - x1) / 2.0).clamp(6.0, 60.0);
    let _ = write!(
        path,
        "M{x1:.1} {y1:.1}C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}",
        x1 + bend,
        x2 - bend
    );
}

/// The bars and links of the task that somebody looks at.
fn marked(timeline: &Timeline, scale: &Scale, selected: Option<TokenId>) -> Html {
    let Some(selected) = selected else {
        return html! {};
    };
    let mut path = String::new();
    for (at, row) in timeline.rows.iter().enumerate() {
        for bar in row.bars.iter().filter(|bar| bar.token == selected) {
            let (top, height) = scale.lane(at, row.lanes, bar.lane);
            let from = scale.x(bar.taken);
            let to = bar.closed.map_or(2.0 * WIDTH, |closed| scale.x(closed));
            let width = (to - from).max(NARROW);
            let _ = write!(
                path,
                "M{from:.1} {:.1}h{width:.1}v{:.1}h-{width:.1}z",
                top - 1.0,
                height + 2.0
            );
        }
    }
    for link in timeline.links.iter().filter(|link| link.token == selected) {
        curve(&mut path, timeline, scale, link);
    }
    html! { <path class="bar-selected" d={path} /> }
}

/// The calls, where there is room for them.
fn labels<'a>(timeline: &'a Timeline, scale: &'a Scale) -> impl Iterator<Item = Html> + 'a {
    let labelled = |(at, row): (usize, &'a Row)| {
        row.bars.iter().filter(|bar| !bar.label.is_empty()).map(move |bar| (at, row, bar))
    };
    timeline.rows.iter().enumerate().flat_map(labelled).filter_map(move |(at, row, bar)| {
        let (top, height) = scale.lane(at, row.lanes, bar.lane);
        let (from, to) = ran(bar, scale)?;
        (height >= 10.0 && bar.started.is_some()).then(|| {
            let style = format!(
                "left:{:.2}%;top:{top:.1}px;width:{:.2}%;height:{height:.1}px;line-height:{height:.1}px",
                from / WIDTH * 50.0,
                (to - from) / WIDTH * 50.0
            );
            html! {
                <span key={format!("{} {} {at}", bar.token, bar.number)} class="bar-label" data-outcome={bar.outcome.word()} {style}>{ &bar.label }</span>
            }
        })
    })
}

fn ticks<'a>(timeline: &'a Timeline, scale: &'a Scale) -> impl Iterator<Item = Html> + 'a {
    let step = STEPS.into_iter().find(|step| scale.span / step <= TICKS).unwrap_or(8.64e7);
    let first = (timeline.since / step).ceil();
    let count = (2.0 * scale.span / step).ceil().min(4.0 * TICKS) as u32;
    (0..count).map(move |at| {
        let time = (first + f64::from(at)) * step;
        let style = format!("left:{:.3}%", (time - scale.since) / scale.span * 50.0);
        html! { <span key={format!("{time}")} class="tick" {style}>{ tick_text(&clock_text(time), step) }</span> }
    })
}

/// A time of day, as exact as marks that far apart need it.
fn tick_text(text: &str, step: f64) -> String {
    let end = match step {
        step if step < 1_000.0 => text.len() - 2,
        step if step < 60_000.0 => text.len() - 4,
        _ => text.len() - 7,
    };
    text.get(..end).unwrap_or(text).to_owned()
}

fn clock_text(at: f64) -> String {
    units::time_of_day(at, local_offset_minutes(at))
}

/// The task whose bar is where somebody clicked.
fn hit(timeline: &Timeline, event: &MouseEvent) -> Option<TokenId> {
    let target = event.current_target()?;
    let sight =
        wasm_bindgen::JsCast::dyn_into::<HtmlElement>(target).ok()?.get_bounding_client_rect();
    let x = (f64::from(event.client_x()) - sight.left()) / sight.width() * 2.0 * WIDTH;
    let y = f64::from(event.client_y()) - sight.top();
    at(timeline, x, y)
}

/// The task whose bar is at a place in the drawing.
fn at(timeline: &Timeline, x: f64, y: f64) -> Option<TokenId> {
    let scale = Scale::of(timeline);
    let place = scale.rows.iter().position(|(top, height)| (*top..top + height).contains(&y))?;
    let row = timeline.rows.get(place)?;
    let distance = |bar: &Bar| {
        let (from, to) = (scale.x(bar.taken), bar.closed.map_or(2.0 * WIDTH, |it| scale.x(it)));
        let (top, height) = scale.lane(place, row.lanes, bar.lane);
        let beside = (from - x).max(x - to).max(0.0);
        (beside <= NEAR).then(|| beside + (y - top - height / 2.0).abs())
    };
    let near = row.bars.iter().filter_map(|bar| Some((distance(bar)?, bar.token)));
    near.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(token: TokenId, lane: u32, taken: f64, closed: Option<f64>) -> Bar {
        Bar {
            token,
            label: String::new(),
            number: 1,
            lane,
            taken,
            started: Some(taken),
            ended: closed,
            closed,
            outcome: Outcome::Success,
            count: 1,
        }
    }

    fn timeline(bars: Vec<Bar>, lanes: u32) -> Timeline {
        let row = Row { worker: "w1@h".to_owned(), since: 0.0, until: None, lanes, bars };
        Timeline { since: 0.0, until: 10_000.0, rows: vec![row], ..Timeline::default() }
    }

    #[test]
    fn a_click_finds_the_bar_in_its_lane_or_close_by() {
        let bars = vec![bar(1, 0, 1_000.0, Some(2_000.0)), bar(2, 1, 1_500.0, None)];
        let timeline = timeline(bars, 2);
        let scale = Scale::of(&timeline);
        let y = |lane| scale.lane(0, 2, lane).0 + 2.0;
        assert_eq!(at(&timeline, 160.0, y(0)), Some(1));
        assert_eq!(at(&timeline, 160.0, y(1)), Some(2));
        assert_eq!(at(&timeline, 97.0, y(0)), Some(1));
        assert_eq!(at(&timeline, 80.0, y(0)), None);
        assert_eq!(at(&timeline, 160.0, 10.0), None, "that is the plot");
    }

    #[test]
    fn marks_of_time_are_as_exact_as_their_step() {
        assert_eq!(tick_text("00:00:01.500", 100.0), "00:00:01.5");
        assert_eq!(tick_text("00:00:01.500", 5_000.0), "00:00:01");
        assert_eq!(tick_text("00:00:01.500", 60_000.0), "00:00");
    }
}
