//! The keys of every database, kept from the engine's events: what the page's list is cut from.
//!
//! Events only say which keys to look at again; what is true of a key is always read through the
//! observer's client. Reads are put off until the page is told something, so that a key that
//! changes often costs one look a batch.

use super::observer::Reader;
use crate::backend::{Database, KeyKind, KeyQuery, KeyRow, KeyWindow, Sort};
use keyspace::{DATABASES, Event};
use keyspace_resp::Value;
use serde_bytes::ByteBuf;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::rc::Rc;

/// The most rows of one window, whatever the page asks for.
const ROWS_MAX: u32 = 500;
/// How many keys that are gone a window names.
const GONE_MAX: usize = 100;

/// How many names completion offers.
const NAMES_MAX: usize = 40;

type Name = Rc<[u8]>;

/// What the index knows of a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Meta {
    pub kind: KeyKind,
    pub life: Option<(f64, f64)>,
    pub version: u64,
}

impl Meta {
    /// Where a key stands in an order; those that stand at the same place stand by their names.
    fn place(&self, sort: Sort) -> i64 {
        match sort {
            Sort::Name => 0,
            Sort::Changed => -(self.version as i64),
            Sort::Expiry => self.life.map_or(i64::MAX, |life| life.1 as i64),
        }
    }
}

#[derive(Clone)]
pub(super) struct KeyIndex {
    dbs: Vec<BTreeMap<Name, Meta>>,
    /// Keys to look at again, and when they changed.
    touched: BTreeMap<(u8, Name), f64>,
    /// Databases to look at again as a whole.
    rescan: BTreeSet<u8>,
    gone: Vec<(u8, Name)>,
    version: u64,
    query: Option<KeyQuery>,
    /// The keys that match the query, in its order: kept as keys come, change and go.
    view: Vec<(i64, Name)>,
    view_stale: bool,
    window_stale: bool,
    databases_stale: bool,
}

impl Default for KeyIndex {
    fn default() -> Self {
        KeyIndex {
            dbs: vec![BTreeMap::new(); DATABASES],
            touched: BTreeMap::new(),
            rescan: BTreeSet::new(),
            gone: Vec::new(),
            version: 0,
            query: None,
            view: Vec::new(),
            view_stale: true,
            window_stale: true,
            databases_stale: true,
        }
    }
}

impl KeyIndex {
    /// Sets what the page shows.
    pub fn watch(&mut self, query: KeyQuery) {
        let same_view = self.query.as_ref().is_some_and(|old| {
            (old.db, &old.filter, old.sort) == (query.db, &query.filter, query.sort)
        });
        self.view_stale |= !same_view;
        self.window_stale = true;
        self.query = Some(query);
    }

    /// What the page shows.
    pub fn query(&self) -> Option<&KeyQuery> {
        self.query.as_ref()
    }

    /// Tells everything anew to a page that saw another moment.
    pub fn repaint(&mut self, query: Option<KeyQuery>) {
        self.query = query;
        self.gone.clear();
        self.view_stale = true;
        self.window_stale = true;
        self.databases_stale = true;
    }

    pub fn note(&mut self, event: &Event) {
        match event {
            Event::KeyChanged { at, db, key, .. } => {
                self.touched.insert((db.0, key.as_slice().into()), at.0 as f64);
            }
            Event::DbChanged { db, .. } => {
                self.rescan.insert(db.0);
            }
            _ => {}
        }
    }

    /// About how many bytes a clone of this takes for itself.
    pub fn weight(&self) -> usize {
        const NODE: usize = 24;
        let keys: usize = self.dbs.iter().map(BTreeMap::len).sum();
        keys * (size_of::<(Name, Meta)>() + NODE) + self.view.len() * size_of::<(i64, Name)>()
    }

    pub fn meta(&self, db: u8, key: &[u8]) -> Option<Meta> {
        self.dbs.get(usize::from(db))?.get(key).copied()
    }

    /// Whether there is something to look at or to tell.
    pub fn is_stale(&self) -> bool {
        !self.touched.is_empty()
            || !self.rescan.is_empty()
            || self.databases_stale
            || self.query.is_some() && (self.view_stale || self.window_stale)
    }

    /// The first names of a database that begin with `prefix`.
    pub fn names(&self, db: u8, prefix: &[u8]) -> Vec<ByteBuf> {
        let Some(keys) = self.dbs.get(usize::from(db)) else {
            return Vec::new();
        };
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let names = keys.range::<[u8], _>(from).map(|(name, _)| name);
        let names = names.take_while(|name| name.starts_with(prefix)).take(NAMES_MAX);
        names.map(|name| ByteBuf::from(&**name)).collect()
    }

    /// Looks at everything that changed.
    pub fn refresh(&mut self, reader: &mut Reader<'_>) {
        for db in std::mem::take(&mut self.rescan) {
            self.touched.retain(|(touched, _), _| *touched != db);
            let old = std::mem::take(&mut self.dbs[usize::from(db)]);
            for name in scan(reader, db) {
                let was = old.get(&name).copied();
                self.look(reader, db, name, was, None);
            }
            self.changed_shape(db);
        }
        for ((db, name), at) in std::mem::take(&mut self.touched) {
            let was = self.dbs[usize::from(db)].remove(&name);
            let is = self.look(reader, db, name.clone(), was, Some(at));
            self.databases_stale |= was.is_some() != is.is_some();
            if self.shows(db) {
                self.window_stale = true;
                self.move_in_view(&name, was, is);
            }
            if is.is_none() && was.is_some() && self.gone.len() < GONE_MAX {
                self.gone.push((db, name));
            }
        }
    }

    /// The sizes of the databases, if they changed; those that have keys, and the first.
    pub fn take_databases(&mut self) -> Option<Vec<Database>> {
        if !std::mem::take(&mut self.databases_stale) {
            return None;
        }
        let sizes = self.dbs.iter().enumerate();
        let sizes = sizes.map(|(index, db)| Database { index: index as u8, keys: db.len() as u32 });
        Some(sizes.collect())
    }

    /// The window that the page watches, if it changed.
    pub fn take_window(&mut self, reader: &mut Reader<'_>) -> Option<KeyWindow> {
        let query = self.query.clone()?;
        if !std::mem::take(&mut self.window_stale) && !self.view_stale {
            return None;
        }
        if std::mem::take(&mut self.view_stale) {
            self.view = self.select(&query);
        }
        let start = self.view.len().min(query.offset as usize);
        let names = &self.view[start..];
        let names = &names[..names.len().min(query.count.min(ROWS_MAX) as usize)];
        let rows = names.iter().filter_map(|(_, name)| self.row(reader, query.db, name)).collect();
        let gone = std::mem::take(&mut self.gone).into_iter();
        let gone = gone.filter(|(db, _)| *db == query.db);
        let gone = gone.map(|(_, name)| ByteBuf::from(&*name)).collect();
        let total = self.view.len() as u32;
        Some(KeyWindow { query, total, rows, gone, version: self.version })
    }

    /// Reads a key into the index; it is not there where the engine has none of that name.
    fn look(
        &mut self,
        reader: &mut Reader<'_>,
        db: u8,
        name: Name,
        was: Option<Meta>,
        changed_at: Option<f64>,
    ) -> Option<Meta> {
        let kind = match reader.ask(db, &[b"TYPE", &name]) {
            Value::Simple(name) => KeyKind::from_type(&name)?,
            _ => return None,
        };
        let expire_at = reader.ask_integer(db, &[b"PEXPIRETIME", &name]);
        let life = expire_at.filter(|&at| at >= 0).map(|at| {
            let until = at as f64;
            let same = was.and_then(|was| was.life).filter(|life| life.1 == until);
            same.unwrap_or((changed_at.unwrap_or_else(|| reader.now()), until))
        });
        let version = match (was, changed_at) {
            (Some(was), None) => was.version,
            _ => {
                self.version += 1;
                self.version
            }
        };
        let meta = Meta { kind, life, version };
        self.dbs[usize::from(db)].insert(name, meta);
        Some(meta)
    }

    fn row(&self, reader: &mut Reader<'_>, db: u8, name: &Name) -> Option<KeyRow> {
        let meta = self.meta(db, name)?;
        Some(KeyRow {
            name: ByteBuf::from(&**name),
            kind: meta.kind,
            size: size(reader, db, name, meta.kind),
            life: meta.life,
            version: meta.version,
        })
    }

    fn select(&self, query: &KeyQuery) -> Vec<(i64, Name)> {
        let Some(keys) = self.dbs.get(usize::from(query.db)) else {
            return Vec::new();
        };
        let filter = Filter::new(&query.filter);
        let matching = keys.iter().filter(|(name, _)| filter.matches(name));
        let placed = matching.map(|(name, meta)| (meta.place(query.sort), name.clone()));
        let mut view: Vec<(i64, Name)> = placed.collect();
        if query.sort != Sort::Name {
            view.sort_unstable();
        }
        view
    }

    /// A key of the database that is shown has come, changed or gone.
    fn move_in_view(&mut self, name: &Name, was: Option<Meta>, is: Option<Meta>) {
        let Some(query) = self.query.as_ref().filter(|_| !self.view_stale) else {
            return;
        };
        let placed = |meta: Meta| (meta.place(query.sort), name.clone());
        if let Some(at) = was.and_then(|was| self.view.binary_search(&placed(was)).ok()) {
            self.view.remove(at);
        }
        if let Some(is) = is.filter(|_| Filter::new(&query.filter).matches(name))
            && let Err(at) = self.view.binary_search(&placed(is))
        {
            self.view.insert(at, placed(is));
        }
    }

    fn changed_shape(&mut self, db: u8) {
        self.databases_stale = true;
        self.view_stale |= self.shows(db);
    }

    fn shows(&self, db: u8) -> bool {
        self.query.as_ref().is_some_and(|query| query.db == db)
    }
}

/// Bytes of a string, elements of anything else.
pub(super) fn size(reader: &mut Reader<'_>, db: u8, name: &[u8], kind: KeyKind) -> u64 {
    let command: &[u8] = match kind {
        KeyKind::String => b"STRLEN",
        KeyKind::List => b"LLEN",
        KeyKind::Hash => b"HLEN",
        KeyKind::Set => b"SCARD",
        KeyKind::SortedSet => b"ZCARD",
        KeyKind::Stream => b"XLEN",
        KeyKind::Array => b"ARCOUNT",
    };
    let size = reader.ask_integer(db, &[command, name]);
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
}

/// Every key of a database.
fn scan(reader: &mut Reader<'_>, db: u8) -> Vec<Name> {
    let mut names = Vec::new();
    let mut cursor = b"0".to_vec();
    loop {
        let reply = reader.ask(db, &[b"SCAN", &cursor, b"COUNT", b"1000"]);
        let Some([next, keys]) = reply.as_array() else {
            return names;
        };
        let keys = keys.as_array().unwrap_or_default().iter();
        names.extend(keys.filter_map(Value::as_bytes).map(Name::from));
        match next.as_bytes() {
            Some(next) if next != b"0" => cursor = next.to_vec(),
            _ => return names,
        }
    }
}

/// A part of a name, in which `*` stands for anything; case does not matter.
struct Filter {
    parts: Vec<Vec<u8>>,
}

impl Filter {
    fn new(text: &str) -> Filter {
        let parts = text.split('*').filter(|part| !part.is_empty());
        Filter { parts: parts.map(|part| part.to_ascii_lowercase().into_bytes()).collect() }
    }

    fn matches(&self, name: &[u8]) -> bool {
        if self.parts.is_empty() {
            return true;
        }
        let name = name.to_ascii_lowercase();
        let mut rest = &name[..];
        self.parts.iter().all(|part| {
            let found = rest.windows(part.len()).position(|window| window == part);
            found.is_some_and(|at| {
                rest = &rest[at + part.len()..];
                true
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn a_filter_matches_parts_in_order() {
        for (filter, name, matches) in [
            ("", "anything", true),
            ("user", "USER:1", true),
            ("er:*0", "user:1000", true),
            ("1*user", "user:1", false),
            ("user:*:cart", "user:7:cart", true),
            ("**", "x", true),
        ] {
            assert_eq!(Filter::new(filter).matches(name.as_bytes()), matches, "{filter} {name}");
        }
    }
}
