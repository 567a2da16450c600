//! GEOSEARCH, GEORADIUS and their kin: the members inside of a circle or a box.

use super::{metres_of, place, write_distance, write_place};
use crate::args::{self, Args, Options};
use crate::command::sorted_set::store;
use crate::context::Context;
use crate::error::CommandError;
use crate::sort::sort_by;
use crate::value::geo::{Area, Place, Shape};
use crate::value::{Interval, Limit, Map, SmallBytes, ZSet};
use keyspace_resp::ReplyWriter;

/// The older commands, or the newer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// GEORADIUS and GEORADIUSBYMEMBER. The centre and the radius have fixed places.
    Radius,
    /// Their read-only forms.
    RadiusReadOnly,
    Search,
    SearchStore,
}

impl Family {
    fn is_search(self) -> bool {
        matches!(self, Family::Search | Family::SearchStore)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
}

/// Where a search looks, as far as it is known.
#[derive(Debug, Default)]
struct Query<'a> {
    center: Option<Center>,
    shape: Option<Shape>,
    /// Metres in the unit of the shape.
    metres: f64,
    with_dist: bool,
    with_hash: bool,
    with_coord: bool,
    count: Option<usize>,
    /// Any members will do for the count, not only the nearest.
    any: bool,
    order: Option<Order>,
    store: Option<&'a [u8]>,
    /// Store distances, not geohashes.
    store_dist: bool,
}

#[derive(Debug, Clone, Copy)]
enum Center {
    /// Given by its coordinates.
    Place(Place),
    /// That of a member; there is none where there is no key.
    Member(Option<Place>),
}

impl Center {
    fn of_member(zset: Option<&ZSet>, member: &[u8]) -> Result<Center, CommandError> {
        let Some(zset) = zset else {
            return Ok(Center::Member(None));
        };
        let score = zset
            .score(member)
            .ok_or_else(|| CommandError::text(&"ERR could not decode requested zset member"))?;
        Ok(Center::Member(Some(Place::from_score(score))))
    }

    fn place(self) -> Option<Place> {
        match self {
            Center::Place(place) => Some(place),
            Center::Member(place) => place,
        }
    }
}

impl<'a> Query<'a> {
    /// Reads `radius unit`.
    fn circle(&mut self, radius: &[u8], unit: &[u8]) -> Result<(), CommandError> {
        let radius = length(radius, "radius")?;
        if radius < 0.0 {
            return Err(CommandError::text(&"ERR radius cannot be negative"));
        }
        self.metres = metres_of(unit)?;
        self.shape = Some(Shape::Circle { radius: radius * self.metres });
        Ok(())
    }

    /// Reads `width height unit`.
    fn rectangle(&mut self, sides: [&[u8]; 2], unit: &[u8]) -> Result<(), CommandError> {
        let (width, height) = (length(sides[0], "width")?, length(sides[1], "height")?);
        if width < 0.0 || height < 0.0 {
            return Err(CommandError::text(&"ERR height or width cannot be negative"));
        }
        self.metres = metres_of(unit)?;
        self.shape = Some(Shape::Box { width: width * self.metres, height: height * self.metres });
        Ok(())
    }

    /// Reads all options. A member's place is looked up in `zset`.
    fn read_options(
        &mut self,
        family: Family,
        zset: Option<&ZSet>,
        args: &Args<'a>,
    ) -> Result<(), CommandError> {
        let mut options = Options::new(args);
        while let Some(name) = options.next() {
            let name = name.to_ascii_lowercase();
            match &*name {
                b"withdist" => self.with_dist = true,
                b"withhash" => self.with_hash = true,
                b"withcoord" => self.with_coord = true,
                b"any" => self.any = true,
                b"asc" => self.order = Some(Order::Ascending),
                b"desc" => self.order = Some(Order::Descending),
                b"count" => self.count = Some(count(&mut options)?),
                b"store" | b"storedist" if family == Family::Radius => {
                    self.store = Some(options.value()?);
                    self.store_dist = &*name == b"storedist";
                }
                b"storedist" if family == Family::SearchStore => self.store_dist = true,
                _ if family.is_search() => self.read_area(&name, zset, &mut options)?,
                _ => return Err(CommandError::Syntax),
            }
        }
        Ok(())
    }

    /// Reads an option of GEOSEARCH that says where to look.
    fn read_area(
        &mut self,
        name: &[u8],
        zset: Option<&ZSet>,
        options: &mut Options<'_, 'a>,
    ) -> Result<(), CommandError> {
        let is_by_place = matches!(self.center, Some(Center::Place(_)));
        let is_by_member = matches!(self.center, Some(Center::Member(_)));
        let is_circle = matches!(self.shape, Some(Shape::Circle { .. }));
        let is_box = matches!(self.shape, Some(Shape::Box { .. }));
        match name {
            b"frommember" if !is_by_place => {
                self.center = Some(Center::of_member(zset, options.value()?)?);
            }
            b"fromlonlat" if !is_by_member => {
                let [longitude, latitude] = values(options)?;
                self.center = Some(Center::Place(place(longitude, latitude)?));
            }
            b"byradius" if !is_box => {
                let [radius, unit] = values(options)?;
                self.circle(radius, unit)?;
            }
            b"bybox" if !is_circle => {
                let [width, height, unit] = values(options)?;
                self.rectangle([width, height], unit)?;
            }
            _ => return Err(CommandError::Syntax),
        }
        Ok(())
    }

    /// Refuses what does not go together, or is missing.
    fn check(&self, family: Family, name: &[u8]) -> Result<(), CommandError> {
        if self.store.is_some() && (self.with_dist || self.with_hash || self.with_coord) {
            let what = match family {
                Family::SearchStore => "GEOSEARCHSTORE",
                _ => "STORE option in GEORADIUS",
            };
            return Err(CommandError::composed(format!(
                "ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let name = String::from_utf8_lossy(name);
        if family.is_search() && self.center.is_none() {
            return Err(CommandError::composed(format!(
                "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}"
            )));
        }
        if family.is_search() && self.shape.is_none() {
            return Err(CommandError::composed(format!(
                "ERR exactly one of BYRADIUS and BYBOX can be specified for {name}"
            )));
        }
        if self.any && self.count.is_none() {
            return Err(CommandError::text(&"ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// The members found, sorted and no more than asked for.
    fn find<'z>(&self, zset: &'z ZSet, area: &Area) -> Vec<Found<'z>> {
        let limit = self.count.unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for (min, max) in area.score_ranges() {
            let scores = Interval { min: Limit::Included(min), max: Limit::Excluded(max) };
            for element in zset.range(zset.ranks_by_score(&scores)) {
                if self.any && found.len() >= limit {
                    break;
                }
                let place = Place::from_score(element.score);
                if let Some(distance) = area.distance_within(place) {
                    let distance = distance / self.metres;
                    found.push(Found {
                        member: element.member,
                        score: element.score,
                        place,
                        distance,
                    });
                }
            }
        }
        // The first so many are the nearest, unless any will do.
        let nearest = (self.count.is_some() && !self.any).then_some(Order::Ascending);
        if let Some(order) = self.order.or(nearest) {
            sort_by(&mut found, |a, b| match order {
                Order::Ascending => a.distance.total_cmp(&b.distance),
                Order::Descending => b.distance.total_cmp(&a.distance),
            });
        }
        found.truncate(limit);
        found
    }

    fn write(&self, found: &[Found<'_>], out: &mut ReplyWriter) {
        let details = [self.with_dist, self.with_hash, self.with_coord];
        let details = details.into_iter().filter(|&wanted| wanted).count();
        out.array(found.len());
        for one in found {
            if details > 0 {
                out.array(details + 1);
            }
            out.bulk(one.member);
            if self.with_dist {
                write_distance(out, one.distance);
            }
            if self.with_hash {
                out.integer(one.score as i64);
            }
            if self.with_coord {
                write_place(out, one.place);
            }
        }
    }
}

/// A member inside of the area.
struct Found<'z> {
    member: &'z [u8],
    score: f64,
    place: Place,
    /// From the centre, in the unit of the query.
    distance: f64,
}

/// GEOSEARCH key <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS radius unit|BYBOX
/// width height unit> [ASC|DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
pub(super) fn geosearch(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[1])?;
    let mut query = Query::default();
    query.read_options(Family::Search, zset, &args[2..])?;
    query.check(Family::Search, args[0])?;
    answer(ctx, args[1], &query, out)
}

/// GEOSEARCHSTORE destination source <FROMMEMBER member|FROMLONLAT longitude latitude> <BYRADIUS
/// radius unit|BYBOX width height unit> [ASC|DESC] [COUNT count [ANY]] [STOREDIST]
pub(super) fn geosearchstore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[2])?;
    let mut query = Query { store: Some(args[1]), ..Query::default() };
    query.read_options(Family::SearchStore, zset, &args[3..])?;
    query.check(Family::SearchStore, args[0])?;
    store_found(ctx, args[2], &query, args[1], "geosearchstore", out)
}

/// GEORADIUS key longitude latitude radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count
/// [ANY]] [ASC|DESC] [STORE storekey|STOREDIST storedistkey]
pub(super) fn georadius(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    around_place(ctx, args, Family::Radius, out)
}

/// GEORADIUS_RO key longitude latitude radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count
/// [ANY]] [ASC|DESC]
pub(super) fn georadius_ro(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    around_place(ctx, args, Family::RadiusReadOnly, out)
}

/// GEORADIUSBYMEMBER key member radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]]
/// [ASC|DESC] [STORE storekey|STOREDIST storedistkey]
pub(super) fn georadiusbymember(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    around_member(ctx, args, Family::Radius, out)
}

/// GEORADIUSBYMEMBER_RO key member radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count
/// [ANY]] [ASC|DESC]
pub(super) fn georadiusbymember_ro(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    around_member(ctx, args, Family::RadiusReadOnly, out)
}

fn around_place(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    family: Family,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[1])?;
    let center = Center::Place(place(args[2], args[3])?);
    let mut query = Query { center: Some(center), ..Query::default() };
    query.circle(args[4], args[5])?;
    query.read_options(family, zset, &args[6..])?;
    radius_generic(ctx, args, family, &query, out)
}

/// Where there is no key, the radius is not looked at.
fn around_member(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    family: Family,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[1])?;
    let center = Center::of_member(zset, args[2])?;
    let mut query = Query { center: Some(center), ..Query::default() };
    if zset.is_some() {
        query.circle(args[3], args[4])?;
    }
    query.read_options(family, zset, &args[5..])?;
    radius_generic(ctx, args, family, &query, out)
}

fn radius_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    family: Family,
    query: &Query<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    query.check(family, args[0])?;
    match query.store {
        Some(destination) => store_found(ctx, args[1], query, destination, "georadiusstore", out),
        None => answer(ctx, args[1], query, out),
    }
}

/// Finds the members of `key` and answers them.
fn answer(
    ctx: &Context<'_>,
    key: &[u8],
    query: &Query<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    query.write(&find(ctx, key, query)?, out);
    Ok(())
}

/// Finds the members of `source` and stores them.
fn store_found(
    ctx: &mut Context<'_>,
    source: &[u8],
    query: &Query<'_>,
    destination: &[u8],
    event: &'static str,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let found = find(ctx, source, query)?;
    let score = |one: &Found<'_>| if query.store_dist { one.distance } else { one.score };
    let scores: Map<SmallBytes, f64> =
        found.iter().map(|one| (one.member.into(), score(one))).collect();
    let result = ZSet::from_scores(scores, ctx.config().zset_limits());
    store(ctx, destination, result, event, out);
    Ok(())
}

fn find<'c>(
    ctx: &'c Context<'_>,
    key: &[u8],
    query: &Query<'_>,
) -> Result<Vec<Found<'c>>, CommandError> {
    let center = query.center.and_then(Center::place);
    let area = center.zip(query.shape).map(|(center, shape)| Area { center, shape });
    let zset = ctx.peek::<ZSet>(key)?;
    Ok(zset.zip(area).map(|(zset, area)| query.find(zset, &area)).unwrap_or_default())
}

fn length(arg: &[u8], what: &str) -> Result<f64, CommandError> {
    args::parse_float(arg).ok_or_else(|| CommandError::composed(format!("ERR need numeric {what}")))
}

/// The number behind COUNT.
fn count(options: &mut Options<'_, '_>) -> Result<usize, CommandError> {
    let count = options.integer()?;
    if count <= 0 {
        return Err(CommandError::text(&"ERR COUNT must be > 0"));
    }
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// The arguments that a keyword needs behind it.
fn values<'a, const N: usize>(
    options: &mut Options<'_, 'a>,
) -> Result<[&'a [u8]; N], CommandError> {
    let values = options.rest().first_chunk::<N>().copied().ok_or(CommandError::Syntax)?;
    for _ in 0..N {
        options.next();
    }
    Ok(values)
}
