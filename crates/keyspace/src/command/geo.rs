//! Geo: sorted sets of places, their geohashes being the scores. Searches have a file of their
//! own.

mod search;

use super::sorted_set::{AddOptions, add_generic};
use super::{AclCategory, Begin, CommandSpec, Find, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::value::ZSet;
use crate::value::geo::Place;
use keyspace_resp::ReplyWriter;

/// The key behind STORE or STOREDIST.
const fn stored(keyword: &'static str, start_from: i32) -> KeySpec {
    KeySpec {
        flags: &[KeyFlag::Ow, KeyFlag::Update],
        begin: Begin::Keyword { keyword, start_from },
        find: Find::Range { last: 0, step: 1, limit: 0 },
    }
}

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "geoadd",
        syntax: "GEOADD key [NX|XX] [CH] longitude latitude member [longitude latitude member ...]",
        summary: "Adds places to a sorted set, or moves them.",
        since: "3.2.0",
        complexity: "O(log(N)) a member",
        arity: -5,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Geo],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(geoadd),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "geodist",
        syntax: "GEODIST key member1 member2 [m|km|ft|mi]",
        summary: "Answers the distance between two members.",
        since: "3.2.0",
        complexity: "O(1)",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Geo],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(geodist),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "geohash",
        syntax: "GEOHASH key [member [member ...]]",
        summary: "Answers the public geohashes of members.",
        since: "3.2.0",
        complexity: "O(1) a member",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Geo],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(geohash),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "geopos",
        syntax: "GEOPOS key [member [member ...]]",
        summary: "Answers the longitudes and latitudes of members.",
        since: "3.2.0",
        complexity: "O(1) a member",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Geo],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(geopos),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "georadius",
        syntax: "GEORADIUS key longitude latitude radius <m|km|ft|mi> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC] [STORE storekey|STOREDIST storedistkey]",
        summary: "Finds members around a place, to be answered or stored.",
        since: "3.2.0",
        complexity: "O(N+log(M)) with N members near the area and M in all",
        arity: -6,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Geo],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access]),
            stored("STORE", 6),
            stored("STOREDIST", 6),
        ],
        deprecated_since: "6.2.0",
        replaced_by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
        differs: "The last digit of a stored distance may be another, as it is the same on every platform.",
        run: Run::Handler(search::georadius),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "georadiusbymember",
        syntax: "GEORADIUSBYMEMBER key member radius <m|km|ft|mi> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC] [STORE storekey|STOREDIST storedistkey]",
        summary: "Finds members around another, to be answered or stored.",
        since: "3.2.0",
        complexity: "O(N+log(M)) with N members near the area and M in all",
        arity: -5,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Geo],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access]),
            stored("STORE", 5),
            stored("STOREDIST", 5),
        ],
        deprecated_since: "6.2.0",
        replaced_by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
        differs: "The last digit of a stored distance may be another, as it is the same on every platform.",
        run: Run::Handler(search::georadiusbymember),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "georadiusbymember_ro",
        syntax: "GEORADIUSBYMEMBER_RO key member radius <m|km|ft|mi> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]",
        summary: "Finds members around another.",
        since: "3.2.10",
        complexity: "O(N+log(M)) with N members near the area and M in all",
        arity: -5,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Geo],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "6.2.0",
        replaced_by: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
        run: Run::Handler(search::georadiusbymember_ro),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "georadius_ro",
        syntax: "GEORADIUS_RO key longitude latitude radius <m|km|ft|mi> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]",
        summary: "Finds members around a place.",
        since: "3.2.10",
        complexity: "O(N+log(M)) with N members near the area and M in all",
        arity: -6,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Geo],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "6.2.0",
        replaced_by: "`GEOSEARCH` with the `BYRADIUS` argument",
        run: Run::Handler(search::georadius_ro),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "geosearch",
        syntax: "GEOSEARCH key <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS radius <m|km|ft|mi>|BYBOX width height <m|km|ft|mi>> [ASC|DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        summary: "Finds members inside of a circle or a box.",
        since: "6.2.0",
        complexity: "O(N+log(M)) with N members near the area and M in all",
        arity: -7,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Geo],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(search::geosearch),
        ..CommandSpec::new(Group::Geo)
    },
    CommandSpec {
        name: "geosearchstore",
        syntax: "GEOSEARCHSTORE destination source <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS radius <m|km|ft|mi>|BYBOX width height <m|km|ft|mi>> [ASC|DESC] [COUNT count [ANY]] [STOREDIST]",
        summary: "Stores the members inside of a circle or a box as a sorted set.",
        since: "6.2.0",
        complexity: "O(N+log(M)) with N members near the area and M in all",
        arity: -8,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Geo],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::one(2, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        differs: "The last digit of a stored distance may be another, as it is the same on every platform.",
        run: Run::Handler(search::geosearchstore),
        ..CommandSpec::new(Group::Geo)
    },
];

/// GEOADD key [NX|XX] [CH] longitude latitude member [longitude latitude member ...]
fn geoadd(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut rest = &args[2..];
    let mut options = AddOptions::default();
    while let Some((option, behind)) = rest.split_first() {
        let flag = match &*option.to_ascii_lowercase() {
            b"nx" => &mut options.nx,
            b"xx" => &mut options.xx,
            b"ch" => &mut options.ch,
            _ => break,
        };
        *flag = true;
        rest = behind;
    }
    let (triples, []) = rest.as_chunks::<3>() else {
        return Err(CommandError::Syntax);
    };
    if triples.is_empty() || options.nx && options.xx {
        return Err(CommandError::Syntax);
    }
    let scored: Vec<(f64, &[u8])> = triples
        .iter()
        .map(|&[longitude, latitude, member]| Ok((place(longitude, latitude)?.score(), member)))
        .collect::<Result<_, CommandError>>()?;
    add_generic(ctx, args[1], options, &scored, out)
}

/// GEODIST key member1 member2 [m|km|ft|mi]
fn geodist(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let metres = match &args[4..] {
        [] => 1.0,
        [unit] => metres_of(unit)?,
        _ => return Err(CommandError::Syntax),
    };
    let distance = ctx.get::<ZSet>(args[1])?.and_then(|zset| {
        let (one, other) = (zset.score(args[2])?, zset.score(args[3])?);
        Some(Place::from_score(one).distance(Place::from_score(other)))
    });
    match distance {
        Some(distance) => write_distance(out, distance / metres),
        None => out.null(),
    }
    Ok(())
}

/// GEOPOS key [member [member ...]]
fn geopos(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[1])?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        match zset.and_then(|zset| zset.score(member)) {
            Some(score) => write_place(out, Place::from_score(score)),
            None => out.null_array(),
        }
    }
    Ok(())
}

/// GEOHASH key [member [member ...]]
fn geohash(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[1])?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        match zset.and_then(|zset| zset.score(member)) {
            Some(score) => out.bulk(&Place::from_score(score).geohash()),
            None => out.null(),
        }
    }
    Ok(())
}

/// A place by its coordinates.
fn place(longitude: &[u8], latitude: &[u8]) -> Result<Place, CommandError> {
    let (longitude, latitude) = (args::float(longitude)?, args::float(latitude)?);
    Place::new(longitude, latitude).ok_or_else(|| {
        CommandError::composed(format!(
            "ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}"
        ))
    })
}

/// How many metres a unit is.
fn metres_of(unit: &[u8]) -> Result<f64, CommandError> {
    match &*unit.to_ascii_lowercase() {
        b"m" => Ok(1.0),
        b"km" => Ok(1000.0),
        b"ft" => Ok(0.3048),
        b"mi" => Ok(1609.34),
        _ => Err(CommandError::text(&"ERR unsupported unit provided. please use M, KM, FT, MI")),
    }
}

fn write_place(out: &mut ReplyWriter, place: Place) {
    out.array(2);
    out.plain_double(place.longitude);
    out.plain_double(place.latitude);
}

/// Four digits behind the point; half of the last one is rounded to even.
fn write_distance(out: &mut ReplyWriter, distance: f64) {
    let units = (distance * 10_000.0).round_ties_even() as u64;
    out.bulk(format!("{}.{:04}", units / 10_000, units % 10_000).as_bytes());
}
