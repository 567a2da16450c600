//! Keeping data for later: the whole keyspace as an RDB file, and back.
//!
//! This is the host's side of `dump.rdb`. A server reads and writes that file without a client; so
//! does a host here. It carries keys with their expiry, and libraries of functions; clients,
//! configuration and users are not part of it.

use crate::db::DATABASES;
use crate::engine::Engine;
use crate::event::Event;
use crate::rdb::{self, LoadError};
use crate::script::RestorePolicy;
use crate::usage::Touch;
use crate::{DbIndex, UnixMillis};

impl Engine {
    /// Every database as an RDB file, which redis-server loads as its `dump.rdb`: 7.0 and later
    /// where no value needs a newer one.
    pub fn save_rdb(&self) -> Vec<u8> {
        rdb::save_file(&self.dbs, self.scripting.library_codes(), &self.config, self.now)
    }

    /// Takes what an RDB file holds in place of all keys and libraries. Keys that have expired by
    /// `now` are left out; waiting clients are served by what comes.
    ///
    /// # Errors
    /// What is wrong with the file; nothing has changed then.
    pub fn load_rdb(&mut self, file: &[u8], now: UnixMillis) -> Result<(), LoadError> {
        if self.has_unfinished_script() {
            return Err(LoadError::Busy);
        }
        self.advance(now);
        let loaded = rdb::load_file(file, &self.config, self.now)?;
        self.scripting
            .restore_libraries(&loaded.libraries, RestorePolicy::Flush)
            .map_err(|error| LoadError::Library(error.to_string()))?;
        self.flush_all(None);
        for loaded in loaded.keys {
            let touch = Touch::At(self.now);
            let db = self.db_mut(loaded.db);
            db.insert(&loaded.key, loaded.value, loaded.expire_at, touch);
            if let Some(usage) = loaded.usage {
                db.set_usage(&loaded.key, usage);
            }
        }
        for index in 0..DATABASES {
            let db = DbIndex(index as u8);
            if self.db(db).len() > 0 {
                self.touch_all_watched(db, None);
                self.record(|at| Event::DbChanged { at, db });
                self.signal_db(db);
            }
        }
        self.serve_ready_keys();
        self.settle();
        self.end_turn();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Engine, LoadError, Options, UnixMillis};

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    fn engine() -> (Engine, crate::ClientId) {
        let mut engine = Engine::new(Options { start: NOW, ..Options::default() });
        let client = engine.connect(NOW);
        (engine, client)
    }

    fn ask(engine: &mut Engine, client: crate::ClientId, lines: &str) -> String {
        let now = engine.now();
        engine.receive(client, lines.replace('\n', "\r\n").as_bytes(), now);
        String::from_utf8_lossy(&engine.take_output(client)).into_owned()
    }

    /// Keys of several databases, of which some expire.
    fn filled() -> Engine {
        let (mut engine, client) = engine();
        let answers = ask(
            &mut engine,
            client,
            "SET s hello PX 5000\nRPUSH l a b c\nHSET h f v\nSADD set 1 2 3\nZADD z 1.5 a\n\
             XADD x 1-1 f v\nSELECT 3\nSET other db PXAT 1700000000100\n",
        );
        assert!(!answers.contains("-ERR"), "{answers}");
        engine
    }

    #[test]
    fn what_was_saved_is_there_again() {
        let file = filled().save_rdb();
        let (mut engine, client) = engine();
        ask(&mut engine, client, "SET gone 1\n");
        engine.load_rdb(&file, NOW).expect("it was saved here");
        let answers = ask(
            &mut engine,
            client,
            "EXISTS gone\nPTTL s\nLLEN l\nHGET h f\nSCARD set\nZSCORE z a\nXLEN x\nSELECT 3\nGET other\n",
        );
        assert_eq!(
            answers,
            ":0\r\n:5000\r\n:3\r\n$1\r\nv\r\n:3\r\n$3\r\n1.5\r\n:1\r\n+OK\r\n$2\r\ndb\r\n"
        );
        assert_eq!(engine.save_rdb(), file, "and it is saved as it was");
    }

    #[test]
    fn what_has_expired_meanwhile_is_left_out() {
        let file = filled().save_rdb();
        let (mut engine, client) = engine();
        engine.load_rdb(&file, NOW + 100).expect("it was saved here");
        assert_eq!(ask(&mut engine, client, "SELECT 3\nEXISTS other\n"), "+OK\r\n:0\r\n");
    }

    #[test]
    fn a_waiting_client_is_served_by_what_comes() {
        let file = filled().save_rdb();
        let (mut engine, client) = engine();
        assert_eq!(ask(&mut engine, client, "BLPOP l 0\n"), "");
        engine.load_rdb(&file, NOW).expect("it was saved here");
        assert_eq!(ask(&mut engine, client, ""), "*2\r\n$1\r\nl\r\n$1\r\na\r\n");
    }

    #[test]
    fn a_damaged_file_changes_nothing() {
        let file = filled().save_rdb();
        let (mut engine, client) = engine();
        ask(&mut engine, client, "SET stays 1\n");
        for end in 0..file.len() {
            assert!(engine.load_rdb(&file[..end], NOW).is_err(), "cut off at {end}");
        }
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 0x55;
            assert!(engine.load_rdb(&damaged, NOW).is_err(), "damaged at {place}");
        }
        assert_eq!(engine.load_rdb(b"no file", NOW), Err(LoadError::NotRdb));
        assert_eq!(engine.load_rdb(b"REDIS0099", NOW), Err(LoadError::Version(99)));
        assert_eq!(ask(&mut engine, client, "GET stays\nDBSIZE\n"), "$1\r\n1\r\n:1\r\n");
    }
}
