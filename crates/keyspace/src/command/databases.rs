//! Logical databases: SELECT, DBSIZE, SWAPDB, MOVE, FLUSHDB, FLUSHALL.

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::client::ClientId;
use crate::context::Context;
use crate::db::{DATABASES, DbIndex};
use crate::engine::Engine;
use crate::error::CommandError;
use crate::event::Event;
use crate::notify::Class;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "dbsize",
        syntax: "DBSIZE",
        summary: "Answers the number of keys in the database.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
        run: Run::Handler(dbsize),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "flushall",
        syntax: "FLUSHALL [ASYNC|SYNC]",
        summary: "Removes every key of every database.",
        since: "1.0.0",
        complexity: "O(N) in the number of keys",
        arity: -1,
        flags: &[Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Handler(flushall),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "flushdb",
        syntax: "FLUSHDB [ASYNC|SYNC]",
        summary: "Removes every key of the database.",
        since: "1.0.0",
        complexity: "O(N) in the number of keys",
        arity: -1,
        flags: &[Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Handler(flushdb),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "swapdb",
        syntax: "SWAPDB index1 index2",
        summary: "Lets two databases change places, under the clients that use them.",
        since: "4.0.0",
        complexity: "O(N) in the number of watched and waited-for keys",
        arity: 3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        run: Run::Handler(swapdb),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "move",
        syntax: "MOVE key db",
        summary: "Moves a key to another database.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(move_key),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "select",
        syntax: "SELECT index",
        summary: "Changes the database that the client uses.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        acl: &[AclCategory::Connection],
        run: Run::Handler(select),
        ..CommandSpec::new(Group::Connection)
    },
];

/// Reads the number of a database.
pub(super) fn db_index(arg: &[u8]) -> Result<DbIndex, CommandError> {
    let number = args::integer(arg)?;
    if i32::try_from(number).is_err() {
        return Err(CommandError::text(
            &"ERR value is out of range, value must between -2147483648 and 2147483647",
        ));
    }
    DbIndex::new(number).ok_or(CommandError::DbIndexOutOfRange)
}

/// SELECT index
fn select(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.client_mut().db = db_index(args[1])?;
    out.ok();
    Ok(())
}

/// DBSIZE
fn dbsize(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.database().len());
    Ok(())
}

/// SWAPDB index1 index2
///
/// Clients stay where they are and find the other data there: a watched key counts as changed
/// where it exists on either side, and whoever waits for a key that is there now is served.
fn swapdb(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let number = |arg: &[u8], error: &'static &'static str| {
        let number = args::integer(arg).ok().and_then(|number| i32::try_from(number).ok());
        number.ok_or(CommandError::text(error))
    };
    let first = number(args[1], &"ERR invalid first DB index")?;
    let second = number(args[2], &"ERR invalid second DB index")?;
    let first = DbIndex::new(first.into()).ok_or(CommandError::DbIndexOutOfRange)?;
    let second = DbIndex::new(second.into()).ok_or(CommandError::DbIndexOutOfRange)?;
    if first != second {
        swap(ctx.engine, first, second);
    }
    out.ok();
    Ok(())
}

fn swap(engine: &mut Engine, first: DbIndex, second: DbIndex) {
    engine.touch_all_watched(first, Some(second));
    engine.touch_all_watched(second, Some(first));
    engine.dbs.swap(usize::from(first.0), usize::from(second.0));
    engine.stats.dirty += 1;
    for db in [first, second] {
        engine.record(|at| Event::DbChanged { at, db });
        engine.signal_db(db);
    }
}

/// MOVE key db
fn move_key(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let target = db_index(args[2])?;
    if target == ctx.db {
        return Err(CommandError::SameObject);
    }
    let taken = ctx.in_db(target, |ctx| {
        ctx.expire_met(key);
        ctx.database().contains(key)
    });
    let entry = if taken { None } else { ctx.database_mut().remove(key) };
    let Some(entry) = entry else {
        out.integer(0);
        return Ok(());
    };
    ctx.in_db(target, |ctx| ctx.set_value(key, entry.value, entry.expire_at));
    ctx.changed(key, Class::GENERIC, "move_from");
    ctx.in_db(target, |ctx| ctx.changed(key, Class::GENERIC, "move_to"));
    out.integer(1);
    Ok(())
}

/// FLUSHDB [ASYNC|SYNC]
fn flushdb(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    parse_flush_mode(args)?;
    flush(ctx.engine, ctx.db);
    ctx.engine.invalidate_all(Some(ctx.client_id));
    out.ok();
    Ok(())
}

/// FLUSHALL [ASYNC|SYNC]
fn flushall(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    parse_flush_mode(args)?;
    ctx.engine.flush_all(Some(ctx.client_id));
    out.ok();
    Ok(())
}

/// Either mode is the same here: there is no thread to leave the work to.
fn parse_flush_mode(args: &Args<'_>) -> Result<(), CommandError> {
    match args {
        [_] => Ok(()),
        [_, mode] if args::is_flush_mode(mode) => Ok(()),
        _ => Err(CommandError::Syntax),
    }
}

impl Engine {
    /// Removes every key of every database: for a client, or for the host.
    pub(crate) fn flush_all(&mut self, changer: Option<ClientId>) {
        for index in 0..DATABASES {
            flush(self, DbIndex(index as u8));
        }
        self.invalidate_all(changer);
    }
}

fn flush(engine: &mut Engine, db: DbIndex) {
    engine.touch_all_watched(db, None);
    let removed = engine.db_mut(db).clear();
    engine.stats.dirty += removed as u64;
    if removed > 0 {
        engine.record(|at| Event::DbChanged { at, db });
        engine.signal_db(db);
    }
}
