//! What goes on, in a sentence: for somebody who has never heard of BRPOP.

use super::picture::{Doing, Picture, Worker};
use crate::design::units;

/// What the picture shows, and what one could do next.
pub fn of(picture: &Picture) -> String {
    let waiting: usize = picture.queues.iter().map(|queue| queue.tokens.len()).sum();
    let living = || picture.workers.iter().filter(|worker| !worker.doing.is_over());
    let runs: usize = living().map(|worker| worker.slots.len()).sum();
    let orphans = picture.unacked.entries.iter().filter(|entry| entry.orphan);
    if let Some(orphan) = orphans.clone().next() {
        let timeout = orphan.life.map(|life| units::span(life.until - life.since));
        let when =
            timeout.map_or_else(String::new, |timeout| format!(" {timeout} after it was taken"));
        let next = match living().next() {
            Some(_) => "The others put it back into the list",
            None => "A worker would put it back into the list",
        };
        let left = match orphans.count() {
            1 => "A message is left in unacked: its worker died before it was done.".to_owned(),
            count => format!("{count} messages are left in unacked: their worker died."),
        };
        return format!("{left} {next}{when} (visibility_timeout).");
    }
    let queued = match waiting {
        0 => String::new(),
        1 => " One message waits in the list meanwhile.".to_owned(),
        count => format!(" {} messages wait in the list meanwhile.", units::count(count as u64)),
    };
    if runs > 1 {
        return format!(
            "{runs} tasks run. A copy of each message stays in unacked until it is acknowledged.\
             {queued}"
        );
    }
    if let Some((worker, slot)) = living().find_map(|it| Some((it, it.slots.first()?))) {
        return format!(
            "{} runs {}. A copy of its message stays in unacked until it is acknowledged.{queued}",
            worker.short(),
            slot.token.label
        );
    }
    if let Some(held) = living().flat_map(|worker| worker.held.first()).next() {
        return format!(
            "{} is not due yet: a worker holds it in memory, and a copy stays in unacked.{queued}",
            held.token.label
        );
    }
    if let Some(worker) = living().find(|worker| worker.stopping) {
        return format!("{} says goodbye and closes its connections.", worker.short());
    }
    idle(picture, waiting)
}

/// Nothing runs.
fn idle(picture: &Picture, waiting: usize) -> String {
    let living = || picture.workers.iter().filter(|worker| !worker.doing.is_over());
    let parked: Vec<&Worker> =
        living().filter(|worker| matches!(worker.doing, Doing::Parked(_))).collect();
    match (living().next(), parked.as_slice(), waiting) {
        (None, _, 0) => "Celery hands work to other processes through Redis. Send a task: the \
                         producer pushes a message onto the list celery."
            .to_owned(),
        (None, _, 1) => {
            "The message waits in the list, and nobody takes it. Start a worker.".to_owned()
        }
        (None, _, count) => format!(
            "{} messages wait in the list, and nobody takes them. Start a worker.",
            units::count(count as u64)
        ),
        (Some(_), [worker], _) => format!(
            "{} waits in BRPOP: Redis answers as soon as the list has a message, or after a \
             second with nothing, and it asks again. Send a task.",
            worker.short()
        ),
        (Some(_), [worker, ..], _) => {
            let first = parked.iter().find(|worker| worker.place == Some(1)).unwrap_or(worker);
            format!(
                "{} workers wait in BRPOP. {} has waited longest, so the next message is its. \
                 Send a task.",
                parked.len(),
                first.short()
            )
        }
        (Some(worker), [], _) if worker.doing == Doing::Connecting => {
            format!("{} connects and declares its queues.", worker.short())
        }
        (Some(worker), [], _) => format!("{} talks to Redis.", worker.short()),
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::celery::picture::{
        Doing, Group, Key, Picture, Queue, Slot, Taken, Token, Unacked, Worker,
    };

    fn token() -> Token {
        Token { id: 1, label: "add(2, 3)".to_owned(), redelivered: false }
    }

    fn worker(doing: Doing, slots: usize) -> Worker {
        Worker {
            id: 1,
            name: "w1@keyspace".to_owned(),
            doing,
            keys: Vec::new(),
            place: None,
            concurrency: 1,
            prefetch_limit: None,
            slots: vec![Slot { token: token(), span: None }; slots],
            prefetched: Group::default(),
            held: Vec::new(),
            held_hidden: 0,
            stopping: false,
            done: 0,
        }
    }

    fn queue(count: usize) -> Vec<Queue> {
        let tokens = Group { first: vec![token(); count], ..Group::default() };
        vec![Queue { key: Key::default(), queue: "celery".to_owned(), priority: 0, tokens }]
    }

    #[test]
    fn each_situation_has_its_sentence() {
        let empty = Picture { queues: queue(0), ..Picture::default() };
        assert!(of(&empty).contains("Send a task"));
        let waiting = Picture { queues: queue(2), ..Picture::default() };
        assert!(of(&waiting).starts_with("2 messages wait"));
        let parked = Picture { workers: vec![worker(Doing::Parked(None), 0)], ..empty.clone() };
        assert!(of(&parked).starts_with("w1 waits in BRPOP"));
        let line = Picture { workers: vec![worker(Doing::Parked(None), 0); 2], ..empty.clone() };
        assert!(of(&line).starts_with("2 workers wait in BRPOP. w1 has waited longest"));
        let busy = Picture { workers: vec![worker(Doing::Running, 1)], ..waiting };
        assert!(of(&busy).starts_with("w1 runs add(2, 3)."));
        assert!(of(&busy).ends_with("2 messages wait in the list meanwhile."));
    }

    #[test]
    fn a_message_without_its_worker_comes_first() {
        let taken = Taken { token: token(), by: "w1".to_owned(), orphan: true, life: None };
        let unacked = Unacked { entries: vec![taken], ..Unacked::default() };
        let workers = vec![worker(Doing::Killed, 0), worker(Doing::Running, 1)];
        let picture = Picture { unacked, workers, ..Picture::default() };
        assert!(of(&picture).starts_with("A message is left in unacked"));
    }
}
