//! What goes on, in a sentence: for somebody who has never heard of BRPOP.

use super::picture::{Doing, Picture, Slot, Worker};
use crate::design::units;

/// What the picture shows.
pub fn of(picture: &Picture) -> String {
    let waiting = waiting(picture);
    let living = || living(picture);
    let slots = || living().flat_map(|worker| &worker.slots);
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
    let runs = slots().count();
    if runs > 1 {
        let copies = match slots().filter(|slot| has_copy(picture, slot)).count() {
            0 => "Their messages are acknowledged already: a worker that died now would take its \
                  tasks with it."
                .to_owned(),
            copies if copies == runs => {
                "A copy of each message stays in unacked until it is acknowledged.".to_owned()
            }
            copies => format!(
                "{} of their messages have a copy in unacked still.",
                units::count(copies as u64)
            ),
        };
        return format!("{runs} tasks run. {copies}{queued}");
    }
    if let Some((worker, slot)) = living().find_map(|it| Some((it, it.slots.first()?))) {
        let (name, label) = (worker.short(), &slot.token.label);
        let copy = match has_copy(picture, slot) {
            true => "A copy of its message stays in unacked until it is acknowledged.".to_owned(),
            false => format!(
                "Its message is acknowledged already: if {name} dies now, the task is lost."
            ),
        };
        return format!("{name} runs {label}. {copy}{queued}");
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
    if let Some(worker) = living().find(|worker| worker.doing == Doing::Disconnected) {
        return format!(
            "{} has lost its connections to Redis, and tries to open them again.{queued}",
            worker.short()
        );
    }
    idle(picture, waiting)
}

/// What one could do next, where nothing is on its way.
pub fn invitation(picture: &Picture) -> Option<&'static str> {
    let is_busy =
        |worker: &Worker| worker.stopping || !worker.slots.is_empty() || !worker.held.is_empty();
    let is_orphaned = picture.unacked.entries.iter().any(|entry| entry.orphan);
    if is_orphaned || living(picture).any(is_busy) {
        return None;
    }
    let parked = living(picture).any(|worker| matches!(worker.doing, Doing::Parked(_)));
    match (living(picture).next(), waiting(picture)) {
        (None, 0) => Some("Send a task: the producer pushes a message onto the list celery."),
        (None, _) => Some("Start a worker."),
        (Some(_), _) => parked.then_some("Send a task."),
    }
}

fn living(picture: &Picture) -> impl Iterator<Item = &Worker> {
    picture.workers.iter().filter(|worker| !worker.doing.is_over())
}

fn waiting(picture: &Picture) -> usize {
    picture.queues.iter().map(|queue| queue.tokens.len()).sum()
}

/// Whether the message of a task that runs lies in `unacked`; those that are not drawn are the latest.
fn has_copy(picture: &Picture, slot: &Slot) -> bool {
    let unacked = &picture.unacked;
    unacked.hidden > 0 || unacked.entries.iter().any(|entry| entry.token.id == slot.token.id)
}

/// Nothing runs.
fn idle(picture: &Picture, waiting: usize) -> String {
    let living = || living(picture);
    let parked: Vec<&Worker> =
        living().filter(|worker| matches!(worker.doing, Doing::Parked(_))).collect();
    match (living().next(), parked.as_slice(), waiting) {
        (None, _, 0) if !picture.workers.is_empty() => {
            "No worker is left, and nothing waits in the list.".to_owned()
        }
        (None, _, 0) => "Celery hands work to other processes through Redis.".to_owned(),
        (None, _, 1) => "The message waits in the list, and nobody takes it.".to_owned(),
        (None, _, count) => format!(
            "{} messages wait in the list, and nobody takes them.",
            units::count(count as u64)
        ),
        (Some(_), [worker], _) => format!(
            "{} waits in BRPOP: Redis answers as soon as the list has a message, or after a \
             second with nothing, and it asks again.",
            worker.short()
        ),
        (Some(_), [worker, ..], _) => {
            let first = parked.iter().find(|worker| worker.place == Some(1)).unwrap_or(worker);
            format!(
                "{} workers wait in BRPOP. {} has waited longest, so the next message is its.",
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
    use super::{invitation, of};
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
        assert_eq!(of(&empty), "Celery hands work to other processes through Redis.");
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
    fn what_runs_is_lost_with_its_worker_unless_a_copy_is_left() {
        let early = Picture { workers: vec![worker(Doing::Running, 1)], ..Picture::default() };
        assert!(of(&early).contains("if w1 dies now, the task is lost"));
        let late = Picture { unacked: unacked(false), ..early };
        assert!(of(&late).contains("A copy of its message stays in unacked"));
        let two = Picture { workers: vec![worker(Doing::Running, 2)], ..Picture::default() };
        assert!(of(&two).contains("acknowledged already"));
    }

    #[test]
    fn one_is_invited_to_what_brings_things_on_their_way() {
        let empty = Picture { queues: queue(0), ..Picture::default() };
        assert!(invitation(&empty).is_some_and(|text| text.starts_with("Send a task")));
        let waiting = Picture { queues: queue(2), ..Picture::default() };
        assert_eq!(invitation(&waiting), Some("Start a worker."));
        let parked = Picture { workers: vec![worker(Doing::Parked(None), 0)], ..empty.clone() };
        assert_eq!(invitation(&parked), Some("Send a task."));
        let busy = Picture { workers: vec![worker(Doing::Running, 1)], ..empty };
        assert_eq!(invitation(&busy), None);
    }

    fn unacked(orphan: bool) -> Unacked {
        let taken = Taken { token: token(), by: "w1".to_owned(), orphan, life: None };
        Unacked { entries: vec![taken], ..Unacked::default() }
    }

    #[test]
    fn a_lost_connection_is_said() {
        let workers = vec![worker(Doing::Disconnected, 0)];
        let picture = Picture { queues: queue(0), workers, ..Picture::default() };
        assert!(of(&picture).starts_with("w1 has lost its connections to Redis"));
        assert_eq!(invitation(&picture), None);
    }

    #[test]
    fn a_message_without_its_worker_comes_first() {
        let unacked = unacked(true);
        let workers = vec![worker(Doing::Killed, 0), worker(Doing::Running, 1)];
        let picture = Picture { unacked, workers, ..Picture::default() };
        assert!(of(&picture).starts_with("A message is left in unacked"));
    }
}
