//! The buffers that Redis would have for a client, as CLIENT LIST and `maxmemory-clients` count
//! them. What the engine really keeps is what was sent and not run, and what was not read.
//!
//! Input is read into a buffer that all clients share. A client whose command is incomplete, or
//! has a large argument, has one of its own, until it is idle. Replies have a buffer that grows
//! while it is full, and shrinks while most of it is not used. Redis looks at both `hz` times a
//! second; here that is made up for when somebody asks.

use crate::client::ClientId;
use crate::engine::Engine;
use crate::time::UnixMillis;
use crate::value::{allocation, string_bytes};
use keyspace_resp::RequestParser;

/// A query buffer, and the largest buffer of replies.
const CHUNK_BYTES: usize = 16 * 1024;
/// The smallest buffer of replies.
const REPLY_MIN_BYTES: usize = 1024;
/// An argument from here on has a query buffer to itself, and one beyond it is cut back to what
/// was used of it.
pub(crate) const LARGE_BYTES: usize = 32 * 1024;
/// So much of a query buffer may lie idle.
const SPARE_MAX_BYTES: usize = 4 * 1024;
/// How long a client has its query buffer when it does nothing.
const IDLE_MS: i64 = 3000;

/// How buffers of replies change (`DEBUG REPLYBUFFER`), and what became of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplyBuffers {
    /// How long the most that was used of one counts; `None` for always.
    pub peak_reset_ms: Option<i64>,
    pub resizes: bool,
    pub shrinks: u64,
    pub expands: u64,
}

impl ReplyBuffers {
    /// What `peak_reset_ms` is unless somebody changes it.
    pub const PEAK_RESET_MS: i64 = 5000;
}

impl Default for ReplyBuffers {
    fn default() -> Self {
        let peak_reset_ms = Some(ReplyBuffers::PEAK_RESET_MS);
        ReplyBuffers { peak_reset_ms, resizes: true, shrinks: 0, expands: 0 }
    }
}

/// The buffers of one client.
#[derive(Debug, Clone)]
pub(crate) struct Buffers {
    /// The room of the client's own query buffer; 0 where it uses the one that is shared.
    query: usize,
    query_peak: usize,
    /// What is in it that makes no whole argument yet, and what the argument that comes takes.
    unparsed: usize,
    announced: usize,
    reply: usize,
    reply_peak: usize,
    peak_reset_at: UnixMillis,
    /// Redis has not looked since.
    seen_at: UnixMillis,
    next_look_at: UnixMillis,
}

impl Buffers {
    pub fn new(now: UnixMillis) -> Buffers {
        Buffers {
            query: 0,
            query_peak: 0,
            unparsed: 0,
            announced: 0,
            reply: CHUNK_BYTES,
            reply_peak: CHUNK_BYTES,
            // The first look at a client forgets the peak that it was made with.
            peak_reset_at: UnixMillis(0),
            seen_at: now,
            next_look_at: now,
        }
    }

    /// The bytes in the client's query buffer that make no whole argument yet.
    pub fn unparsed(&self) -> usize {
        self.unparsed
    }

    /// The room beyond `used` bytes in the client's own query buffer, or, while it runs a command,
    /// in the one that is shared.
    pub fn query_free(&self, used: usize, runs: bool) -> usize {
        let query = if self.query == 0 && runs { room(CHUNK_BYTES) } else { self.query };
        query.saturating_sub(used)
    }

    /// What the shared query buffer counts with the client that runs a command from it.
    pub fn shared_bytes(&self) -> usize {
        if self.query == 0 { taken(room(CHUNK_BYTES)) } else { 0 }
    }

    /// The size of the buffer of replies.
    pub fn reply(&self) -> usize {
        self.reply
    }

    /// The most that was used of it lately.
    pub fn reply_peak(&self) -> usize {
        self.reply_peak
    }

    /// What both take.
    pub fn bytes(&self) -> usize {
        self.reply + if self.query == 0 { 0 } else { taken(self.query) }
    }

    /// Takes note of what is left of the input, and of replies of `replied` bytes.
    #[inline]
    pub fn note(&mut self, parser: &RequestParser, replied: usize) {
        self.unparsed = parser.unparsed_bytes();
        self.announced = parser.announced_bytes().unwrap_or_default();
        if self.unparsed > 0 {
            let is_large = self.announced >= LARGE_BYTES;
            self.make_query_room(if is_large { self.announced } else { CHUNK_BYTES });
        }
        if replied.min(self.reply) > self.reply_peak {
            if self.reply_peak == 0 {
                self.peak_reset_at = self.seen_at;
            }
            self.reply_peak = replied.min(self.reply);
        }
    }

    fn make_query_room(&mut self, bytes: usize) {
        let needed = bytes.max(self.unparsed);
        if needed > self.query {
            self.query = room(needed);
        }
        self.query_peak = self.query_peak.max(needed);
    }

    /// Makes up for the times at which Redis would have looked until now, `hz` times a second.
    #[inline]
    pub fn settle(
        &mut self,
        now: UnixMillis,
        last_interaction_at: UnixMillis,
        hz: i64,
        replies: &mut ReplyBuffers,
    ) {
        if now >= self.next_look_at {
            self.look_until(now, last_interaction_at, 1000 / hz, replies);
        }
    }

    fn look_until(
        &mut self,
        now: UnixMillis,
        last_interaction_at: UnixMillis,
        tick_ms: i64,
        replies: &mut ReplyBuffers,
    ) {
        loop {
            let tick = (self.seen_at.0 / tick_ms + 1).checked_mul(tick_ms).map(UnixMillis);
            let Some(tick) = tick.filter(|&tick| tick <= now) else {
                // At the end of time nobody looks any more.
                self.next_look_at = tick.unwrap_or(UnixMillis(i64::MAX));
                return;
            };
            self.seen_at = tick;
            let before = (self.query, self.query_peak, self.reply, self.reply_peak);
            self.look_at_query(tick - last_interaction_at);
            self.look_at_reply(tick, replies);
            if before == (self.query, self.query_peak, self.reply, self.reply_peak) {
                self.skip_until(now, last_interaction_at, replies);
            }
        }
    }

    /// Nothing changes until one of two times comes.
    fn skip_until(
        &mut self,
        now: UnixMillis,
        last_interaction_at: UnixMillis,
        replies: &ReplyBuffers,
    ) {
        let idle_at = (self.query > 0).then_some(last_interaction_at + IDLE_MS);
        let reset_at = replies.peak_reset_ms.map(|ms| self.peak_reset_at + (ms + 1));
        let next = [idle_at, reset_at.filter(|_| self.reply_peak > 0)].into_iter().flatten();
        let next = next.filter(|&at| at > self.seen_at).min().unwrap_or(now);
        // The look that finds it is the first one at that time or after it.
        self.seen_at = self.seen_at.max(UnixMillis(next.min(now).0.saturating_sub(1)));
    }

    fn look_at_query(&mut self, idle_ms: i64) {
        let announced = if self.announced > 0 { self.announced + 2 } else { 0 };
        if self.query_free(self.unparsed, false) > SPARE_MAX_BYTES {
            if idle_ms >= IDLE_MS {
                self.query = if self.unparsed == 0 { 0 } else { room(self.unparsed) };
            } else if self.query > LARGE_BYTES && self.query_peak < self.query / 2 {
                let kept = self.unparsed.max(self.query_peak).max(announced);
                self.query = if kept == 0 { 0 } else { room(kept) };
            }
        }
        self.query_peak = self.unparsed.max(announced);
    }

    fn look_at_reply(&mut self, tick: UnixMillis, replies: &mut ReplyBuffers) {
        if !replies.resizes {
            return;
        }
        let size = if self.reply / 2 >= REPLY_MIN_BYTES && self.reply_peak < self.reply / 2 {
            replies.shrinks += 1;
            REPLY_MIN_BYTES.max(self.reply_peak + 1)
        } else if self.reply < CHUNK_BYTES && self.reply_peak == self.reply {
            replies.expands += 1;
            CHUNK_BYTES.min(self.reply * 2)
        } else {
            self.reply
        };
        self.reply = allocation(size as u64) as usize;
        if replies.peak_reset_ms.is_some_and(|ms| tick - self.peak_reset_at > ms) {
            self.reply_peak = 0;
            self.peak_reset_at = tick;
        }
    }
}

/// What a buffer takes that has so much room.
fn taken(room: usize) -> usize {
    allocation(string_bytes(room)) as usize
}

/// The room of a buffer that was made for so many bytes: what the allocator hands out for it.
fn room(bytes: usize) -> usize {
    let around = string_bytes(bytes);
    bytes + (allocation(around) - around) as usize
}

impl Engine {
    /// Takes note of input so large that it has a buffer of its own, if it was one command: of
    /// several, Redis reads less at a time.
    pub(crate) fn note_large(&mut self, id: ClientId, ran_before: u64, bytes: usize) {
        if let Some(client) = self.clients.get_mut(&id)
            && client.commands_processed == ran_before + 1
        {
            client.buffers.make_query_room(bytes);
        }
    }

    /// Brings the buffers of all clients up to date, for whoever looks at them.
    pub(crate) fn settle_buffers(&mut self) {
        let ids: Vec<ClientId> = self.clients.values().map(|client| client.id).collect();
        for id in ids {
            self.count_memory(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis(1_000_000);

    /// A client, and when it last did something.
    struct Play {
        buffers: Buffers,
        replies: ReplyBuffers,
        parser: RequestParser,
        last: UnixMillis,
    }

    impl Play {
        fn new() -> Play {
            Play {
                buffers: Buffers::new(START),
                replies: ReplyBuffers::default(),
                parser: RequestParser::default(),
                last: START,
            }
        }

        fn settle(&mut self, ms: i64) {
            self.buffers.settle(START + ms, self.last, 10, &mut self.replies);
        }

        fn reply(&mut self, ms: i64, bytes: usize) {
            self.settle(ms);
            self.last = START + ms;
            self.buffers.note(&self.parser, bytes);
        }

        fn send(&mut self, ms: i64, bytes: &[u8]) {
            self.parser.feed(bytes);
            while self.parser.parse() == Ok(true) {}
            self.reply(ms, 0);
        }

        fn reply_buffer(&self) -> (usize, usize) {
            (self.buffers.reply(), self.buffers.reply_peak())
        }
    }

    #[test]
    fn replies_find_as_much_room_as_they_need() {
        let mut play = Play::new();
        assert_eq!(play.reply_buffer(), (16_384, 16_384));
        play.settle(100);
        assert_eq!(play.reply_buffer(), (16_384, 0), "the first look forgets the first peak");
        play.settle(200);
        assert_eq!(play.reply_buffer(), (1024, 0));
        play.reply(250, 100_000);
        assert_eq!(play.reply_buffer(), (1024, 1024), "the rest is not in it");
        play.settle(60_000);
        assert_eq!(play.reply_buffer(), (1024, 0), "it grew, was not used, and shrank again");
        assert_eq!((play.replies.expands, play.replies.shrinks), (1, 2));
        for ms in 60_001..61_000 {
            play.reply(ms, 5000);
        }
        assert_eq!(play.reply_buffer(), (8192, 5000));
    }

    #[test]
    fn a_long_time_is_as_many_short_ones() {
        let mut often = Play::new();
        let mut once = Play::new();
        for play in [&mut often, &mut once] {
            play.reply(0, 3000);
            play.send(1, &[&b"*1\r\n$100000\r\n"[..], &[b'x'; 50_000]].concat());
        }
        for ms in 0..20_000 {
            often.settle(ms);
        }
        once.settle(20_000);
        assert_eq!(often.reply_buffer(), once.reply_buffer());
        assert_eq!(often.buffers.query, once.buffers.query);
        assert_eq!(often.replies.shrinks, once.replies.shrinks);
    }

    #[test]
    fn a_command_that_is_incomplete_has_a_buffer_of_its_own() {
        let mut play = Play::new();
        assert_eq!(play.buffers.query_free(0, false), 0);
        play.send(0, b"*2\r\n$3\r\nGET\r\n$10\r\nkey");
        assert_eq!((play.buffers.unparsed(), play.buffers.query_free(3, false)), (3, 20_471));
        play.send(10, b"keykey1\r\n");
        assert_eq!(play.buffers.query_free(0, false), 20_474);
        play.settle(2_900);
        assert_eq!(play.buffers.query_free(0, false), 20_474);
        play.settle(3_100);
        assert_eq!(play.buffers.query_free(0, false), 0, "it was idle");
    }

    #[test]
    fn a_large_argument_has_a_buffer_to_itself() {
        let mut play = Play::new();
        play.send(0, b"*2\r\n$3\r\nGET\r\n$100000\r\nxxx");
        assert_eq!(play.buffers.query_free(3, false), 114_675);
        play.settle(1000);
        assert_eq!(play.buffers.query_free(3, false), 114_675, "the argument is still to come");
        play.send(1000, &[&[b'x'; 99_997][..], b"\r\n"].concat());
        play.settle(1200);
        assert_eq!(play.buffers.query_free(0, false), 0, "nothing as large came since");
    }
}
