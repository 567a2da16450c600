//! Which keys are shown, which one is selected, and what the worker told of them.

use crate::backend::{Database, Inspection, KeyDetail, KeyQuery, KeyRow, KeyWindow, Request, Sort};
use serde_bytes::ByteBuf;

/// How many elements of a value are read at first, and how many times more on demand.
const LIMIT_FIRST: u32 = 100;
const LIMIT_FACTOR: u32 = 10;
const LIMIT_MAX: u32 = 10_000;
/// Rows that are read above and below those that are visible.
const OVERSCAN: u32 = 30;

/// The list and the stage.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub databases: Vec<Database>,
    pub query: KeyQuery,
    pub window: KeyWindow,
    /// Rows of keys that are gone, for as long as they fade.
    pub ghosts: Vec<Ghost>,
    pub selected: Option<Selected>,
    /// Changes after this one were seen as they happened, and flash.
    pub flash_after: u64,
    next_ghost: u64,
}

/// A row of a key that is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Ghost {
    pub id: u64,
    pub row: KeyRow,
    /// Where it was in the list.
    pub index: u32,
}

/// The key on the stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    pub db: u8,
    pub name: ByteBuf,
    limit: u32,
    /// What it was when it was last there.
    pub detail: Option<Box<KeyDetail>>,
    pub presence: Presence,
}

/// Whether the key on the stage exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The worker has not said.
    Unknown,
    Here,
    Gone,
}

/// Something that happens to the list or the stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Another engine is there.
    Ready,
    Databases(Vec<Database>),
    Window(KeyWindow),
    Detail {
        db: u8,
        name: ByteBuf,
        detail: Option<Box<KeyDetail>>,
    },
    /// Shows another database.
    Database(u8),
    Filter(String),
    Sort(Sort),
    /// These rows became visible.
    Scroll {
        first: u32,
        count: u32,
    },
    /// Shows a key of the database on show.
    Select(ByteBuf),
    /// Shows a key, and its database.
    Open {
        db: u8,
        name: ByteBuf,
    },
    /// Selects the row so many places further down.
    Move(i32),
    Deselect,
    /// Reads more elements.
    More,
    /// The rows that were fading are gone.
    Faded {
        up_to: u64,
    },
}

/// What the list and the stage want done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Send(Request),
    /// Say [`Action::Faded`] when the fade is over.
    FadeLater {
        up_to: u64,
    },
}

impl State {
    pub fn apply(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Ready => {
                self.window = KeyWindow::default();
                let mut effects = self.requery();
                effects.extend(self.inspect());
                effects
            }
            Action::Databases(databases) => {
                self.databases = databases;
                vec![]
            }
            Action::Window(window) => self.window(window),
            Action::Detail { db, name, detail } => {
                self.detail(db, &name, detail);
                vec![]
            }
            Action::Database(db) => self.change(|query| {
                query.db = db;
                query.offset = 0;
            }),
            Action::Filter(filter) => self.change(|query| {
                query.filter = filter;
                query.offset = 0;
            }),
            Action::Sort(sort) => self.change(|query| {
                query.sort = sort;
                query.offset = 0;
            }),
            Action::Scroll { first, count } => {
                let offset = first.saturating_sub(OVERSCAN);
                let count = count + 2 * OVERSCAN;
                self.change(|query| {
                    query.offset = offset;
                    query.count = count;
                })
            }
            Action::Select(name) => self.select(self.query.db, name),
            Action::Open { db, name } => {
                let mut effects = Vec::new();
                if db != self.query.db {
                    effects.extend(self.apply(Action::Database(db)));
                }
                effects.extend(self.select(db, name));
                effects
            }
            Action::Move(by) => self.move_by(by),
            Action::Deselect => {
                self.selected = None;
                self.inspect()
            }
            Action::More => {
                if let Some(selected) = &mut self.selected {
                    selected.limit = (selected.limit * LIMIT_FACTOR).min(LIMIT_MAX);
                }
                self.inspect()
            }
            Action::Faded { up_to } => {
                self.ghosts.retain(|ghost| ghost.id > up_to);
                vec![]
            }
        }
    }

    /// The rows to draw, each with its place in the list.
    pub fn rows(&self) -> impl Iterator<Item = (u32, RowView<'_>)> {
        let offset = self.window.query.offset;
        let mut rows: Vec<RowView<'_>> = self.window.rows.iter().map(RowView::Live).collect();
        for ghost in &self.ghosts {
            let at = ghost.index.saturating_sub(offset) as usize;
            rows.insert(at.min(rows.len()), RowView::Ghost(ghost));
        }
        (offset..).zip(rows)
    }

    /// How many rows the list has, those that fade included.
    pub fn len(&self) -> u32 {
        self.window.total + self.ghosts.len() as u32
    }

    /// Whether the list has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a row changed while it was watched.
    pub fn flashes(&self, row: &KeyRow) -> bool {
        row.version > self.flash_after
    }

    fn change(&mut self, change: impl FnOnce(&mut KeyQuery)) -> Vec<Effect> {
        let old = self.query.clone();
        change(&mut self.query);
        if self.query == old { vec![] } else { self.requery() }
    }

    fn requery(&mut self) -> Vec<Effect> {
        self.ghosts.clear();
        vec![Effect::Send(Request::Watch(self.query.clone()))]
    }

    fn window(&mut self, window: KeyWindow) -> Vec<Effect> {
        let same = window.query == self.window.query;
        if !same {
            self.flash_after = window.version;
        }
        let old = std::mem::replace(&mut self.window, window);
        if !same || self.window.query != self.query {
            return vec![];
        }
        let before = self.next_ghost;
        for (index, row) in (old.query.offset..).zip(old.rows) {
            let stays = self.window.rows.iter().any(|other| other.name == row.name);
            if !stays && self.window.gone.contains(&row.name) {
                self.next_ghost += 1;
                self.ghosts.push(Ghost { id: self.next_ghost, row, index });
            }
        }
        if self.next_ghost == before {
            return vec![];
        }
        vec![Effect::FadeLater { up_to: self.next_ghost }]
    }

    fn detail(&mut self, db: u8, name: &ByteBuf, detail: Option<Box<KeyDetail>>) {
        let Some(selected) = &mut self.selected else {
            return;
        };
        if selected.db != db || selected.name != *name {
            return;
        }
        match detail {
            Some(detail) => {
                selected.detail = Some(detail);
                selected.presence = Presence::Here;
            }
            None => selected.presence = Presence::Gone,
        }
    }

    fn select(&mut self, db: u8, name: ByteBuf) -> Vec<Effect> {
        if self.selected.as_ref().is_some_and(|old| old.db == db && old.name == name) {
            return vec![];
        }
        let (limit, presence) = (LIMIT_FIRST, Presence::Unknown);
        self.selected = Some(Selected { db, name, limit, detail: None, presence });
        self.inspect()
    }

    fn move_by(&mut self, by: i32) -> Vec<Effect> {
        let rows = &self.window.rows;
        let at = self.selected.as_ref().and_then(|selected| {
            rows.iter().position(|row| row.name == selected.name && self.query.db == selected.db)
        });
        let next = match at {
            Some(at) => (at as i32 + by).clamp(0, rows.len() as i32 - 1) as usize,
            None => 0,
        };
        match rows.get(next) {
            Some(row) => self.select(self.query.db, row.name.clone()),
            None => vec![],
        }
    }

    fn inspect(&self) -> Vec<Effect> {
        let inspection = self.selected.as_ref().map(|selected| Inspection {
            db: selected.db,
            name: selected.name.clone(),
            limit: selected.limit,
        });
        vec![Effect::Send(Request::Inspect(inspection))]
    }
}

/// A row as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RowView<'a> {
    Live(&'a KeyRow),
    Ghost(&'a Ghost),
}

#[cfg(test)]
mod tests {
    use super::{Action, Effect, Presence, RowView, State};
    use crate::backend::{KeyKind, KeyRow, KeyWindow, Request};
    use serde_bytes::ByteBuf;

    fn row(name: &str, version: u64) -> KeyRow {
        let name = ByteBuf::from(name.as_bytes());
        KeyRow { name, kind: KeyKind::String, size: 1, life: None, version }
    }

    fn window(state: &State, names: &[(&str, u64)], gone: &[&str]) -> Action {
        let rows: Vec<KeyRow> = names.iter().map(|(name, version)| row(name, *version)).collect();
        Action::Window(KeyWindow {
            query: state.query.clone(),
            total: rows.len() as u32,
            version: rows.iter().map(|row| row.version).max().unwrap_or(0),
            rows,
            gone: gone.iter().map(|name| ByteBuf::from(name.as_bytes())).collect(),
        })
    }

    fn drawn(state: &State) -> Vec<(u32, String)> {
        let names = state.rows().map(|(index, row)| match row {
            RowView::Live(row) => (index, String::from_utf8_lossy(&row.name).into_owned()),
            RowView::Ghost(ghost) => {
                (index, format!("({})", String::from_utf8_lossy(&ghost.row.name)))
            }
        });
        names.collect()
    }

    fn state() -> State {
        let mut state = State::default();
        state.apply(Action::Scroll { first: 0, count: 10 });
        let first = window(&state, &[("a", 1), ("b", 2), ("c", 3)], &[]);
        state.apply(first);
        state
    }

    #[test]
    fn a_change_flashes_and_a_first_look_does_not() {
        let mut state = state();
        assert!(!state.flashes(&row("a", 1)));
        let next = window(&state, &[("a", 4), ("b", 2), ("c", 3)], &[]);
        state.apply(next);
        assert!(state.flashes(&row("a", 4)) && !state.flashes(&row("b", 2)));
    }

    #[test]
    fn a_key_that_is_gone_fades_where_it_was() {
        let mut state = state();
        let next = window(&state, &[("a", 1), ("c", 3)], &["b", "elsewhere"]);
        assert_eq!(state.apply(next), [Effect::FadeLater { up_to: 1 }]);
        assert_eq!(drawn(&state), [(0, "a".into()), (1, "(b)".into()), (2, "c".into())]);
        assert_eq!(state.len(), 3);
        state.apply(Action::Faded { up_to: 1 });
        assert_eq!(drawn(&state), [(0, "a".into()), (1, "c".into())]);
    }

    #[test]
    fn scrolling_reads_some_rows_more_than_are_visible() {
        let mut state = state();
        let effects = state.apply(Action::Scroll { first: 100, count: 30 });
        let [Effect::Send(Request::Watch(query))] = effects.as_slice() else {
            panic!("a new window is asked for");
        };
        assert_eq!((query.offset, query.count), (70, 90));
        assert_eq!(state.apply(Action::Scroll { first: 100, count: 30 }), []);
    }

    #[test]
    fn moving_selects_the_next_row_and_stops_at_the_ends() {
        let mut state = state();
        for (by, name) in [(1, "a"), (1, "b"), (1, "c"), (1, "c"), (-5, "a")] {
            state.apply(Action::Move(by));
            let selected = state.selected.as_ref().expect("a row is selected");
            assert_eq!(selected.name.as_slice(), name.as_bytes());
        }
    }

    #[test]
    fn a_selected_key_that_is_gone_says_so() {
        let mut state = state();
        let name = ByteBuf::from(b"a".to_vec());
        state.apply(Action::Select(name.clone()));
        state.apply(Action::Detail { db: 1, name: name.clone(), detail: None });
        assert_eq!(state.selected.as_ref().map(|key| key.presence), Some(Presence::Unknown));
        state.apply(Action::Detail { db: 0, name, detail: None });
        assert_eq!(state.selected.as_ref().map(|key| key.presence), Some(Presence::Gone));
    }

    #[test]
    fn opening_a_key_elsewhere_shows_its_database() {
        let mut state = state();
        let effects = state.apply(Action::Open { db: 3, name: ByteBuf::from(b"k".to_vec()) });
        assert_eq!((effects.len(), state.query.db), (2, 3));
    }
}
