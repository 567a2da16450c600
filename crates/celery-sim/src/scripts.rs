//! The Lua scripts that redis-py's lock, kombu's transport and Celery's result backend run.
//!
//! A server knows a script by the SHA-1 of its source, and a script that one process loaded is
//! there for all. So these are the sources of redis-py 8.1.0, kombu 5.7.0 and Celery 5.7.0, byte
//! for byte: real and simulated processes use each other's. `scripts/NOTICE` has their licences.

/// A script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub source: &'static str,
    /// The SHA-1 of the source.
    pub sha: &'static str,
}

/// redis-py's `Lock.release`: deletes the lock where it is the caller's.
pub(crate) const RELEASE_LOCK: Script = Script {
    source: include_str!("scripts/release_lock.lua"),
    sha: "c3f8721cbb97f72bc19e972846bd7aaf91901658",
};

/// kombu: adds a queue to a binding, and moves the binding's deadline.
pub(crate) const REFRESH_BINDING: Script = Script {
    source: include_str!("scripts/refresh_binding.lua"),
    sha: "ef7a9e205fbaf46bf959e1522ff796622fc676c7",
};

/// kombu: deletes bindings whose deadline has passed.
pub(crate) const SWEEP_BINDINGS: Script = Script {
    source: include_str!("scripts/sweep_bindings.lua"),
    sha: "9a2b966a0a2d2d0e36ec32bc30fc89342b94a4bf",
};

/// Celery: notes the result of a chord's part, and gives the last one the claim to its body.
pub(crate) const CHORD_PART_RETURN: Script = Script {
    source: include_str!("scripts/chord_part_return.lua"),
    sha: "b8fc152c83a7e634103ccebd49dcd3146a8f4366",
};

/// Celery: holds that claim for longer.
pub(crate) const CHORD_CLAIM_EXTEND: Script = Script {
    source: include_str!("scripts/chord_claim_extend.lua"),
    sha: "dc87180d6bcb7f73c7275eb0fe7a70baf0a8b7c7",
};

/// Celery: the body is sent, so nobody needs the results of the parts.
pub(crate) const CHORD_CLEANUP: Script = Script {
    source: include_str!("scripts/chord_cleanup.lua"),
    sha: "59d7aab41242d82196947ba8926cab712416da4f",
};

#[cfg(test)]
mod tests {
    use super::*;
    use keyspace::{Engine, Options, UnixMillis};
    use keyspace_resp::encode_command;

    #[test]
    fn a_server_knows_each_by_its_sha() {
        let now = UnixMillis(0);
        let mut engine = Engine::new(Options { start: now, ..Options::default() });
        let client = engine.connect(now);
        for script in [
            RELEASE_LOCK,
            REFRESH_BINDING,
            SWEEP_BINDINGS,
            CHORD_PART_RETURN,
            CHORD_CLAIM_EXTEND,
            CHORD_CLEANUP,
        ] {
            let mut load = Vec::new();
            encode_command(&mut load, &["SCRIPT", "LOAD", script.source]);
            engine.receive(client, &load, now);
            let reply = engine.take_output(client);
            assert_eq!(reply, format!("$40\r\n{}\r\n", script.sha).into_bytes());
        }
    }
}
