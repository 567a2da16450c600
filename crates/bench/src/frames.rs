//! The fifth table: how often the page draws while much happens in it, and what a frame costs.
//!
//! A probe runs in the page before the page's own program does: it counts frames, what is done in
//! each, long tasks and the worker's messages. Processor time is the browser's own figure for the thread that draws;
//! unlike the times of frames it does not depend on what else the machine does.

mod window;

use crate::options::Options;
use crate::table::{quantile, row, thousands};
use std::error::Error;
use std::io;
use window::{Seen, Window};

/// Workers, and the tasks of a long run.
const WORKERS: usize = 8;
const TASKS: usize = 10_000;
/// For how long a scene that does not end by itself is watched.
const WATCHED_MS: u64 = 5_000;
/// A screen draws sixty times a second; a frame that takes longer is late, by the clock's grain.
const FRAME_MS: f64 = 1_000.0 / 60.0 + 0.5;

/// What was seen of a scene, and its name.
type Row = (String, Seen);

/// Measures and prints.
pub fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let Some(page) = &options.page else {
        println!("\nFrames are measured in a browser; it is left out.");
        return Ok(());
    };
    let mut window = Window::open(page)?;
    let mut rows = Vec::new();
    for (name, play) in SCENES {
        if options.wants(name) {
            eprintln!("frames: {name}");
            play(&mut window, options, &mut rows)?;
        }
    }
    let (version, screen) = (window.version()?, window::SIZE);
    println!(
        "\nThe page in {version}, headless and without a graphics processor: it draws in software, on \
         the\nprocessors that run page and engine. {} x {} pixels; {WORKERS} workers.",
        screen.0, screen.1
    );
    print_frames(&rows);
    print_costs(&rows);
    print_memory(&rows);
    Ok(())
}

/// How a scene is played: it adds a row for each stretch that is watched.
type Play = fn(&mut Window, &Options, &mut Vec<Row>) -> io::Result<()>;

/// What is measured.
const SCENES: [(&str, Play); 7] = [
    ("an empty page", empty_page),
    ("at rest, x1", at_rest),
    ("tasks, x100", long_run),
    ("table, x100", beside_the_table),
    ("tasks, x1000", fast_run),
    ("an hour on", an_hour_on),
    ("A beside B", two_sides),
];

fn empty_page(window: &mut Window, _: &Options, rows: &mut Vec<Row>) -> io::Result<()> {
    window.empty_page()?;
    rows.push(("an empty page".to_owned(), window.watch(|window| window.wait(WATCHED_MS))?));
    Ok(())
}

fn at_rest(window: &mut Window, _: &Options, rows: &mut Vec<Row>) -> io::Result<()> {
    window.celery(WORKERS)?;
    rows.push(("at rest, x1".to_owned(), window.watch(|window| window.wait(WATCHED_MS))?));
    window.pace(100)?;
    rows.push(("at rest, x100".to_owned(), window.watch(|window| window.wait(WATCHED_MS))?));
    Ok(())
}

/// Rounds in the same page, so that what grows is seen to; then a look back.
fn long_run(window: &mut Window, options: &Options, rows: &mut Vec<Row>) -> io::Result<()> {
    let tasks = TASKS / options.shorter;
    window.celery(WORKERS)?;
    window.pace(100)?;
    for round in 1..=options.rounds {
        let seen = window.watch(|window| window.run_tasks(tasks))?;
        let name = format!("{} tasks, x100", thousands((tasks * round) as f64));
        eprintln!("frames: {name}");
        rows.push((name, seen));
    }
    rows.push(("scrubbing back".to_owned(), window.watch(Window::scrub)?));
    Ok(())
}

fn beside_the_table(window: &mut Window, options: &Options, rows: &mut Vec<Row>) -> io::Result<()> {
    window.celery(WORKERS)?;
    window.click("celery-tasks-tab")?;
    window.pace(100)?;
    let tasks = TASKS / 4 / options.shorter;
    let name = format!("{} and table", thousands(tasks as f64));
    rows.push((name, window.watch(|window| window.run_tasks(tasks))?));
    Ok(())
}

fn fast_run(window: &mut Window, options: &Options, rows: &mut Vec<Row>) -> io::Result<()> {
    window.celery(WORKERS)?;
    window.pace(1_000)?;
    let tasks = TASKS / options.shorter;
    let name = format!("{}, x1000", thousands(tasks as f64));
    rows.push((name, window.watch(|window| window.run_tasks(tasks))?));
    Ok(())
}

/// With a thousand tasks on their way the clock is moved on by an hour.
fn an_hour_on(window: &mut Window, options: &Options, rows: &mut Vec<Row>) -> io::Result<()> {
    let tasks = TASKS / 10 / options.shorter;
    window.celery(WORKERS)?;
    window.send(tasks)?;
    let seen = window.watch(|window| {
        window.click("time-hour")?;
        window.until_stored(tasks)?;
        window.wait(WATCHED_MS)
    })?;
    rows.push((format!("{}, an hour on", thousands(tasks as f64)), seen));
    Ok(())
}

fn two_sides(window: &mut Window, options: &Options, rows: &mut Vec<Row>) -> io::Result<()> {
    let tasks = TASKS / 4 / options.shorter;
    window.two_sides(WORKERS)?;
    window.pace(100)?;
    let name = format!("{}, A beside B", thousands(tasks as f64));
    rows.push((name, window.watch(|window| window.run_tasks(tasks))?));
    Ok(())
}

fn print_frames(rows: &[Row]) {
    println!(
        "\nFrames: how many a second; milliseconds from one to the next; those that came late"
    );
    let headings = ["seconds", "a second", "median", "p95", "p99", "longest", "late", "over two"];
    row("", &headings.map(str::to_owned));
    for (name, seen) in rows {
        let mut frames = seen.frames.clone();
        let share = |over: f64| {
            let late = seen.frames.iter().filter(|frame| **frame > over).count();
            format!("{:.1} %", late as f64 / seen.frames.len().max(1) as f64 * 100.0)
        };
        let mut at = |share: f64| tenths(quantile(&mut frames, share));
        let times = [at(0.5), at(0.95), at(0.99), at(1.0)];
        let rate = seen.frames.len() as f64 / seen.seconds;
        let counts = [format!("{:.1}", seen.seconds), format!("{rate:.1}")];
        let late = [share(FRAME_MS), share(2.0 * FRAME_MS)];
        row(name, &counts.into_iter().chain(times).chain(late).collect::<Vec<_>>());
    }
}

/// A figure with one digit behind the point; nothing where nothing was measured.
fn tenths(figure: Option<f64>) -> String {
    figure.map_or_else(String::new, |figure| format!("{figure:.1}"))
}

fn print_costs(rows: &[Row]) {
    println!(
        "\nWhat a frame costs the thread that draws, in milliseconds of processor time; how long its script\n\
         takes where it draws something; messages of the worker, and how busy that is"
    );
    let headings = [
        "all",
        "script",
        "style+layout",
        "long tasks",
        "drawn/s",
        "ms, median",
        "ms, p95",
        "messages/s",
        "KB each",
        "worker busy",
        "elements",
    ];
    row("", &headings.map(str::to_owned));
    for (name, seen) in rows {
        let count = seen.frames.len().max(1) as f64;
        let each = |seconds: f64| format!("{:.2}", seconds * 1_000.0 / count);
        let a_second = |count: f64| format!("{:.1}", count / seen.seconds);
        let mut drawn = seen.drawn.clone();
        let mut at = |share: f64| tenths(quantile(&mut drawn, share));
        let cells = [
            each(seen.processor.all),
            each(seen.processor.script),
            each(seen.processor.layout),
            seen.long_tasks.to_string(),
            a_second(seen.drawn.len() as f64),
            at(0.5),
            at(0.95),
            a_second(seen.messages),
            format!("{:.1}", seen.bytes / 1024.0 / seen.messages.max(1.0)),
            format!("{:.0} %", seen.busy * 100.0),
            thousands(seen.elements),
        ];
        row(name, &cells);
    }
}

fn print_memory(rows: &[Row]) {
    println!(
        "\nMegabytes at the beginning, and at the end: heap of JavaScript, wasm of page and worker"
    );
    let headings = ["heap", "heap, end", "page", "page, end", "worker", "worker, end"];
    row("", &headings.map(str::to_owned));
    let mega = |bytes: f64| format!("{:.1}", bytes / 1024.0 / 1024.0);
    for (name, Seen { before, after, .. }) in rows {
        let pairs =
            [(before.heap, after.heap), (before.page, after.page), (before.worker, after.worker)];
        row(name, &pairs.into_iter().flat_map(|(a, b)| [mega(a), mega(b)]).collect::<Vec<_>>());
    }
}
