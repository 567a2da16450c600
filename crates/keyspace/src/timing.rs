//! How long a command took, or what the engine did by itself, and who is told: the slow log, the
//! latency monitor, the histograms, the search for hot keys.
//!
//! The engine has no clock. Its host may lend it a stopwatch (`Options::stopwatch`); without one a
//! command takes no time, except DEBUG SLEEP, which takes what it is told to.

use crate::args::Args;
use crate::client::ClientId;
use crate::command::{Command, Flag};
use crate::engine::Engine;
use crate::slowlog::{SlowCall, shorten};

/// When a command started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Started {
    stopwatch: u64,
    delay_micros: u64,
}

/// A command that has run.
pub(crate) struct Finished<'a> {
    pub client: ClientId,
    pub command: &'static Command,
    pub args: &'a Args<'a>,
    /// The arguments that nobody must see.
    pub secrets: &'a [usize],
    /// The bytes of its reply.
    pub reply_bytes: usize,
    /// It answered an error.
    pub failed: bool,
}

impl Engine {
    /// What [`end_call`](Self::end_call) needs to know of the time before a command.
    #[inline]
    pub(crate) fn start_call(&self) -> Started {
        let stopwatch = self.stopwatch.map_or(0, |stopwatch| stopwatch());
        Started { stopwatch, delay_micros: self.delay_micros }
    }

    /// Counts a call that has been answered, and tells how long it took. A hidden client's are
    /// nobody's affair.
    #[inline]
    pub(crate) fn end_call(&mut self, started: Started, finished: &Finished<'_>) {
        if self.clients.get(&finished.client).is_none_or(|client| client.hidden) {
            return;
        }
        let measured = match self.stopwatch {
            Some(stopwatch) => stopwatch().saturating_sub(started.stopwatch),
            None => 0,
        };
        let micros = measured + self.delay_micros.saturating_sub(started.delay_micros);
        if u64::try_from(self.config.slowlog_log_slower_than).is_ok_and(|slow| micros >= slow) {
            self.log_slow(finished, micros);
        }
        self.stats.micros += micros;
        let stats = self.stats.command(finished.command.row);
        stats.calls += 1;
        stats.failed_calls += u64::from(finished.failed);
        stats.micros += micros;
        if self.config.latency_tracking {
            stats.durations.record(micros);
        }
        let (millis, threshold) = (micros / 1000, self.config.latency_monitor_threshold);
        if threshold > 0 && millis >= threshold {
            let is_fast = finished.command.has(Flag::Fast);
            let event = if is_fast { "fast-command" } else { "command" };
            self.latency.add(event, self.now, millis);
        }
        self.hotkeys.note(finished, micros, self.now, &mut self.rng);
    }

    /// Runs what is no command, and tells the latency monitor where that takes long.
    pub(crate) fn watched<T>(
        &mut self,
        event: &'static str,
        run: impl FnOnce(&mut Engine) -> T,
    ) -> T {
        let Some(stopwatch) = self.stopwatch.filter(|_| self.config.latency_monitor_threshold > 0)
        else {
            return run(self);
        };
        let started = stopwatch();
        let result = run(self);
        let millis = stopwatch().saturating_sub(started) / 1000;
        if millis >= self.config.latency_monitor_threshold {
            self.latency.add(event, self.now, millis);
        }
        result
    }

    #[cold]
    fn log_slow(&mut self, finished: &Finished<'_>, micros: u64) {
        let Some(client) = self.clients.get(&finished.client) else {
            return;
        };
        if finished.command.has(Flag::SkipSlowlog) {
            return;
        }
        let call = SlowCall {
            id: 0,
            at_secs: self.now.0.div_euclid(1000),
            micros,
            args: shorten(finished.args, finished.secrets),
            addr: client.addr.clone(),
            client_name: client.name.to_vec(),
        };
        self.slowlog.push(call, self.config.slowlog_max_len);
    }

    /// Runs clients that were freed, and lets the time pass for which DEBUG SLEEP holds everybody
    /// up, until nothing is left of either.
    pub(crate) fn settle(&mut self) {
        loop {
            self.run_freed();
            let delay = std::mem::take(&mut self.delay_micros);
            if delay == 0 {
                return;
            }
            let end = self.now + delay.div_ceil(1000).cast_signed();
            while let Some(deadline) = self.deadline_until(end) {
                self.reach(deadline);
            }
            self.now = self.now.max(end);
        }
    }
}
