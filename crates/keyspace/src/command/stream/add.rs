//! Adding entries: XADD, and how a stream knows that a producer sent one twice.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::trim::TrimOptions;
use super::{invalid_id, note_change, parse_id, write_id};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{
    IdempotencyLimits, NODE_MAX_BYTES, SmallBytes, Stream, StreamId, Typed, message_id,
};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "xadd",
        syntax: "XADD key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [IDMPAUTO pid|IDMP pid iid] [<MAXLEN|MINID> [=|~] threshold [LIMIT count]] <*|id> field value [field value ...]",
        summary: "Appends an entry to a stream.",
        since: "5.0.0",
        complexity: "O(1); trimming: O(N) in the number of entries removed",
        arity: -5,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(xadd),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xcfgset",
        syntax: "XCFGSET key [IDMP-DURATION duration] [IDMP-MAXSIZE maxsize]",
        summary: "Sets for how long and how many message ids of a producer a stream remembers.",
        since: "8.6.0",
        complexity: "O(1)",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(xcfgset),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xidmprecord",
        syntax: "XIDMPRECORD key pid iid stream-id",
        summary: "Notes that a producer's message became an entry.",
        since: "8.6.2",
        complexity: "O(1)",
        arity: 5,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        differs: "The texts of its errors about an empty id are our own.",
        run: Run::Handler(xidmprecord),
        ..CommandSpec::new(Group::Stream)
    },
];

/// The id that XADD is given.
#[derive(Debug, Clone, Copy)]
enum NewId {
    /// `*`
    Auto,
    /// `ms-*`
    AutoSeq(u64),
    Given(StreamId),
}

impl NewId {
    fn parse(arg: &[u8]) -> Result<NewId, CommandError> {
        if arg == b"*" {
            return Ok(NewId::Auto);
        }
        match arg.strip_suffix(b"-*") {
            Some(ms) if !ms.contains(&b'-') => {
                let id = StreamId::parse(ms, 0).ok_or_else(invalid_id)?;
                Ok(NewId::AutoSeq(id.ms))
            }
            _ => parse_id(arg).map(NewId::Given),
        }
    }

    /// The id itself, where the stream can take it.
    fn resolve(self, stream: Option<&Stream>, now_ms: u64) -> Result<StreamId, CommandError> {
        let last_id = stream.map_or(StreamId::MIN, |stream| stream.last_id);
        if last_id == StreamId::MAX {
            return Err(CommandError::text(
                &"ERR The stream has exhausted the last possible ID, unable to add more items",
            ));
        }
        let id = match self {
            NewId::Auto if now_ms > last_id.ms => Some(StreamId::new(now_ms, 0)),
            NewId::Auto => last_id.next(),
            NewId::AutoSeq(ms) if ms == last_id.ms => {
                last_id.seq.checked_add(1).map(|seq| StreamId::new(ms, seq))
            }
            NewId::AutoSeq(ms) => Some(StreamId::new(ms, 0)),
            NewId::Given(id) => Some(id),
        };
        id.filter(|&id| id > last_id).ok_or_else(|| {
            CommandError::text(
                &"ERR The ID specified in XADD is equal or smaller than the target stream top item",
            )
        })
    }
}

/// A producer's name for its message: IDMP and IDMPAUTO.
#[derive(Debug)]
struct Message<'a> {
    producer: &'a [u8],
    /// `None`: it follows from the fields and values.
    id: Option<&'a [u8]>,
}

#[derive(Debug)]
struct AddOptions<'b, 'a> {
    no_mkstream: bool,
    message: Option<Message<'a>>,
    trim: TrimOptions,
    id: NewId,
    words: &'b Args<'a>,
}

impl<'b, 'a> AddOptions<'b, 'a> {
    fn parse(args: &'b Args<'a>) -> Result<Self, CommandError> {
        let mut no_mkstream = false;
        let mut message = None;
        let mut trim = TrimOptions::default();
        let mut options = Options::new(&args[2..]);
        let id = loop {
            let more = options.rest().len().saturating_sub(1);
            let Some(option) = options.next() else {
                return Err(CommandError::WrongArity(&"xadd"));
            };
            if args::is(option, "nomkstream") {
                no_mkstream = true;
            } else if args::is(option, "idmpauto") && more >= 1 {
                Message::read(&mut message, &mut options, "IDMPAUTO")?;
            } else if args::is(option, "idmp") && more >= 2 {
                Message::read(&mut message, &mut options, "IDMP")?;
            } else if option == b"*" || !trim.read(option, &mut options)? {
                break NewId::parse(option)?;
            }
        };
        trim.check()?;
        let words = options.rest();
        if words.is_empty() || words.len() % 2 == 1 {
            return Err(CommandError::WrongArity(&"xadd"));
        }
        if message.is_some() && !matches!(id, NewId::Auto) {
            return Err(CommandError::text(
                &"ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs",
            ));
        }
        if matches!(id, NewId::Given(StreamId::MIN)) {
            return Err(CommandError::text(
                &"ERR The ID specified in XADD must be greater than 0-0",
            ));
        }
        Ok(AddOptions { no_mkstream, message, trim, id, words })
    }
}

impl<'a> Message<'a> {
    fn read(
        message: &mut Option<Message<'a>>,
        options: &mut Options<'_, 'a>,
        keyword: &str,
    ) -> Result<(), CommandError> {
        if message.is_some() {
            return Err(CommandError::text(
                &"ERR syntax error, IDMP/IDMPAUTO specified multiple times",
            ));
        }
        let mut word = |what: &str| match options.value()? {
            b"" => {
                Err(CommandError::composed(format!("ERR {keyword} requires a non-empty {what} ID")))
            }
            word => Ok(word),
        };
        let producer = word("producer")?;
        let id = if keyword == "IDMP" { Some(word("idempotent")?) } else { None };
        *message = Some(Message { producer, id });
        Ok(())
    }

    /// The producer and the id, which may have to be made.
    fn name(&self, words: &Args<'_>) -> (&'a [u8], SmallBytes) {
        let id = self.id.map_or_else(|| SmallBytes::from(&message_id(words)[..]), SmallBytes::from);
        (self.producer, id)
    }
}

/// XADD key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [IDMPAUTO pid|IDMP pid iid] [<MAXLEN|MINID> [=|~]
/// threshold [LIMIT count]] <*|id> field value [field value ...]
///
/// A message that a producer sent before is not added: the answer is the id that it got then.
fn xadd(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let options = AddOptions::parse(args)?;
    let (key, words, now) = (args[1], options.words, ctx.now());
    let limits = ctx.config().stream_limits();
    let trim = options.trim.resolve(limits);
    let message = options.message.as_ref().map(|message| message.name(words));
    let stream = ctx.peek::<Stream>(key)?;
    if stream.is_none() && options.no_mkstream {
        out.null();
        return Ok(());
    }
    let known = stream
        .zip(message.as_ref())
        .and_then(|(stream, (producer, message))| stream.idempotency.get(producer, message, now));
    if let Some(id) = known {
        if let Some(stream) = ctx.get_mut::<Stream>(key)? {
            stream.idempotency.duplicates += 1;
        }
        write_id(out, id);
        return Ok(());
    }
    let id = options.id.resolve(stream, u64::try_from(now.0).unwrap_or_default())?;
    if words.iter().fold(0_usize, |sum, word| sum.saturating_add(word.len())) > NODE_MAX_BYTES {
        return Err(CommandError::text(&"ERR Elements are too large to be stored"));
    }
    let stream = create_stream(ctx, key)?;
    stream.append(id, words, limits);
    if let Some((producer, message)) = message {
        stream.idempotency.record(producer, &message, id, now);
    }
    let trimmed = trim.map_or(0, |trim| stream.trim(trim));
    ctx.changed(key, Class::STREAM, "xadd");
    if trimmed > 0 {
        ctx.notify(key, Class::STREAM, "xtrim");
    }
    write_id(out, id);
    Ok(())
}

/// The stream of a key, which is created where there is none.
pub(super) fn create_stream<'c>(
    ctx: &'c mut Context<'_>,
    key: &[u8],
) -> Result<&'c mut Stream, CommandError> {
    if !ctx.database().contains(key) {
        let stream = Stream::new(ctx.config().idempotency_limits());
        ctx.set_value(key, stream.into_value(), None);
    }
    ctx.get_mut(key)?.ok_or(CommandError::WrongType)
}

/// XCFGSET key [IDMP-DURATION duration] [IDMP-MAXSIZE maxsize]
///
/// Another setting forgets every message; the same one again forgets nothing.
fn xcfgset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (mut duration, mut max_size) = (None, None);
    let mut options = Options::new(&args[2..]);
    while let Some(option) = options.next() {
        if args::is(option, "idmp-duration") {
            let range = &"ERR IDMP-DURATION must be between 1 and 86400 seconds";
            duration = Some(within(options.integer()?, 86_400, range)?);
        } else if args::is(option, "idmp-maxsize") {
            let range = &"ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
            max_size = Some(within(options.integer()?, 10_000, range)?);
        } else {
            return Err(CommandError::Syntax);
        }
    }
    if duration.is_none() && max_size.is_none() {
        return Err(CommandError::text(
            &"ERR At least one parameter (IDMP-DURATION or IDMP-MAXSIZE) is required",
        ));
    }
    let stream = ctx.get_mut::<Stream>(args[1])?.ok_or(CommandError::NoSuchKey)?;
    let was = stream.idempotency.limits();
    stream.idempotency.set_limits(IdempotencyLimits {
        duration_secs: duration.map_or(was.duration_secs, i64::from),
        max_size: max_size.map_or(was.max_size, |size| size as usize),
    });
    note_change(ctx, args[1], Class::NONE, "xcfgset");
    out.ok();
    Ok(())
}

fn within(number: i64, max: u32, error: &'static &'static str) -> Result<u32, CommandError> {
    let number = u32::try_from(number).ok().filter(|number| (1..=max).contains(number));
    number.ok_or(CommandError::text(error))
}

/// XIDMPRECORD key pid iid stream-id
///
/// Redis writes it to its append-only file, to know its producers' messages again.
fn xidmprecord(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let error = |text| Err(CommandError::text(text));
    let (producer, message, now) = (args[2], args[3], ctx.now());
    if producer.is_empty() {
        return error(&"ERR XIDMPRECORD requires a non-empty producer ID");
    }
    if message.is_empty() {
        return error(&"ERR XIDMPRECORD requires a non-empty idempotent ID");
    }
    let id = parse_id(args[4])?;
    let stream = ctx.get_mut::<Stream>(args[1])?.ok_or(CommandError::NoSuchKey)?;
    if stream.get(id).is_none() {
        return error(&"ERR The specified stream ID was deleted or doesn't exist");
    }
    match stream.idempotency.get(producer, message, now) {
        Some(known) if known != id => {
            return error(
                &"ERR The specified IDMP producer-id/idempotent-id pair maps to a different stream ID",
            );
        }
        Some(_) => {}
        None => {
            stream.idempotency.record(producer, message, id, now);
            note_change(ctx, args[1], Class::NONE, "xidmprecord");
        }
    }
    out.ok();
    Ok(())
}
