//! The server itself: TIME, LOLWUT, and what a server has that an engine has not: a disk, a process, modules.

use super::{AclCategory, CommandSpec, Flag, Group, Run, help, unavailable};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "time",
        syntax: "TIME",
        summary: "Answers the server's time: seconds since 1970, and the microseconds in the second.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        tips: &["nondeterministic_output"],
        run: Run::Handler(time),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "lastsave",
        syntax: "LASTSAVE",
        summary: "Answers when the data was last saved.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        acl: &[AclCategory::Admin, AclCategory::Dangerous],
        differs: "Nothing is saved: it answers when the engine started.",
        tips: &["nondeterministic_output"],
        run: Run::Handler(lastsave),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "lolwut",
        syntax: "LOLWUT [VERSION version]",
        summary: "Answers a picture and the version.",
        since: "5.0.0",
        complexity: "",
        arity: -1,
        flags: &[Flag::Fast, Flag::Readonly],
        differs: "The picture is not Redis's, whichever version is asked for.",
        run: Run::Handler(lolwut),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "save",
        syntax: "SAVE",
        summary: "Saves the data and waits for it.",
        since: "1.0.0",
        complexity: "O(N)",
        arity: 1,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::NoMulti, Flag::Noscript],
        differs: "Refused: there is no disk; the host stores the data.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "bgsave",
        syntax: "BGSAVE [SCHEDULE]",
        summary: "Saves the data in the background.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: -1,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript],
        differs: "Refused: there is no disk; the host stores the data.",
        run: Run::Handler(bgsave),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "bgrewriteaof",
        syntax: "BGREWRITEAOF",
        summary: "Rewrites the append-only file in the background.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript],
        differs: "Refused: there is no disk; the host stores the data.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "shutdown",
        syntax: "SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]",
        summary: "Ends the server.",
        since: "1.0.0",
        complexity: "O(N); O(1)",
        arity: -1,
        flags: &[
            Flag::Admin,
            Flag::AllowBusy,
            Flag::Loading,
            Flag::NoMulti,
            Flag::Noscript,
            Flag::Sentinel,
            Flag::Stale,
        ],
        differs: "Refused: the host ends the engine.",
        run: Run::Handler(shutdown),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "module",
        syntax: "MODULE",
        summary: "Commands about modules.",
        since: "4.0.0",
        complexity: "",
        arity: -2,
        flags: &[],
        run: Run::Container(&[
            CommandSpec {
                name: "module|help",
                syntax: "MODULE HELP",
                summary: "Lists the subcommands.",
                since: "5.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                run: Run::Handler(help),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|list",
                syntax: "MODULE LIST",
                summary: "Names the loaded modules.",
                since: "4.0.0",
                complexity: "O(N)",
                arity: 2,
                flags: &[Flag::Admin, Flag::Noscript],
                tips: &["nondeterministic_output_order"],
                run: Run::Handler(module_list),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|load",
                syntax: "MODULE LOAD path [arg [arg ...]]",
                summary: "Loads a module.",
                since: "4.0.0",
                complexity: "O(1)",
                arity: -3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Protected],
                differs: "Refused: there are no modules.",
                run: Run::Handler(unavailable),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|loadex",
                syntax: "MODULE LOADEX path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]",
                summary: "Loads a module with its configuration.",
                since: "7.0.0",
                complexity: "O(1)",
                arity: -3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Protected],
                differs: "Refused: there are no modules.",
                run: Run::Handler(unavailable),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|unload",
                syntax: "MODULE UNLOAD name",
                summary: "Unloads a module.",
                since: "4.0.0",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Protected],
                differs: "Refused: there are no modules.",
                run: Run::Handler(unavailable),
                ..CommandSpec::new(Group::Server)
            },
        ]),
        ..CommandSpec::new(Group::Server)
    },
];

/// TIME
fn time(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now().0;
    out.array(2);
    out.bulk_integer(now.div_euclid(1000));
    out.bulk_integer(now.rem_euclid(1000) * 1000);
    Ok(())
}

/// LASTSAVE
fn lastsave(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.integer(ctx.engine.start.0.div_euclid(1000));
    Ok(())
}

/// LOLWUT [VERSION version]
///
/// The picture is a history of an elementary cellular automaton: each line follows from the one
/// above it by a rule, and the first is one cell.
fn lolwut(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if let [_, option, version, ..] = args
        && args::is(option, "version")
    {
        args::integer(version)?;
    }
    let rule = AUTOMATA[ctx.random_below(AUTOMATA.len())];
    let picture = draw(rule);
    let version = crate::REDIS_VERSION;
    let text = format!("{picture}\nAn automaton by rule {rule}. Redis ver. {version}\n");
    out.verbatim(b"txt", text.as_bytes());
    Ok(())
}

/// Rules whose pictures are worth a look, by Wolfram's numbers.
const AUTOMATA: [u8; 5] = [30, 60, 90, 110, 150];

/// As many lines and cells of an automaton as a terminal shows, two lines in each line of text.
fn draw(rule: u8) -> String {
    const WIDTH: usize = 64;
    const HEIGHT: usize = 32;
    let mut cells = [false; WIDTH];
    cells[WIDTH / 2] = true;
    let mut next = || {
        let line = cells;
        let at = |index: usize| u8::from(line[index % WIDTH]);
        for (index, cell) in cells.iter_mut().enumerate() {
            let seen = at(index + WIDTH - 1) << 2 | at(index) << 1 | at(index + 1);
            *cell = rule >> seen & 1 == 1;
        }
        line
    };
    let mut picture = String::new();
    for _ in 0..HEIGHT / 2 {
        let (upper, lower) = (next(), next());
        let halves = upper.iter().zip(lower).map(|(&upper, lower)| match (upper, lower) {
            (false, false) => ' ',
            (true, false) => '\u{2580}',
            (false, true) => '\u{2584}',
            (true, true) => '\u{2588}',
        });
        picture.push_str(halves.collect::<String>().trim_end());
        picture.push('\n');
    }
    picture
}

/// BGSAVE [SCHEDULE]
fn bgsave(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match &args[1..] {
        [] => unavailable(ctx, args, out),
        [option] if args::is(option, "schedule") => unavailable(ctx, args, out),
        _ => Err(CommandError::Syntax),
    }
}

/// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
fn shutdown(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = &args[1..];
    let has = |keyword: &str| options.iter().any(|option| args::is(option, keyword));
    let known = |option: &&[u8]| {
        ["nosave", "save", "now", "force", "abort"].iter().any(|keyword| args::is(option, keyword))
    };
    let contradicts = has("nosave") && has("save");
    if !options.iter().all(known) || contradicts || has("abort") && options.len() > 1 {
        return Err(CommandError::Syntax);
    }
    if has("abort") {
        return Err(CommandError::text(&"ERR No shutdown in progress."));
    }
    unavailable(ctx, args, out)
}

/// MODULE LIST
fn module_list(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(0);
    Ok(())
}
