//! What goes on, in a sentence: for somebody who has never heard of BRPOP.

use super::picture::{Doing, Picture, Worker};

/// What the picture shows, and what one could do next.
pub fn of(picture: &Picture) -> String {
    let waiting: usize = picture.queues.iter().map(|queue| queue.tokens.len()).sum();
    let living = || picture.workers.iter().filter(|worker| !worker.doing.is_over());
    let busy = living().find(|worker| worker.token.is_some());
    let parked = living().find(|worker| matches!(worker.doing, Doing::Parked(_)));
    let orphans =
        picture.unacked.len().saturating_sub(living().filter(|it| it.token.is_some()).count());
    if orphans > 0 && busy.is_none() {
        let next = match living().next() {
            Some(worker) => format!("{} puts it back into the list", short(worker)),
            None => "A worker would put it back into the list".to_owned(),
        };
        return format!(
            "A message is left in unacked: its worker died before it said that it is done. \
             {next} 30 s after it was taken (visibility_timeout; one hour by default)."
        );
    }
    if let Some(worker) = busy {
        let task = worker.token.as_ref().map_or("", |token| token.label.as_str());
        let queued = match waiting {
            0 => String::new(),
            1 => " One message waits in the list meanwhile.".to_owned(),
            count => format!(" {count} messages wait in the list meanwhile."),
        };
        return format!(
            "{} runs {task}. A copy of its message stays in unacked until it is done.{queued}",
            short(worker)
        );
    }
    if let Some(worker) = living().find(|worker| worker.stopping) {
        return format!("{} says goodbye and closes its connections.", short(worker));
    }
    match (living().next(), parked, waiting) {
        (None, _, 0) => "Celery hands work to other processes through Redis. Send a task: the \
                         producer pushes a message onto the list celery."
            .to_owned(),
        (None, _, 1) => {
            "The message waits in the list, and nobody takes it. Start a worker.".to_owned()
        }
        (None, _, count) => {
            format!("{count} messages wait in the list, and nobody takes them. Start a worker.")
        }
        (Some(_), Some(worker), _) => format!(
            "{} waits in BRPOP: Redis answers as soon as the list has a message, or after a \
             second with nothing, and it asks again. Send a task.",
            short(worker)
        ),
        (Some(worker), None, _) => {
            format!("{} connects and declares its queues.", short(worker))
        }
    }
}

fn short(worker: &Worker) -> &str {
    worker.name.split('@').next().unwrap_or(&worker.name)
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::celery::picture::{Doing, Group, Picture, Queue, Token, Worker};

    fn token() -> Token {
        Token { id: 1, label: "add(2, 3)".to_owned(), redelivered: false }
    }

    fn worker(doing: Doing, token: Option<Token>) -> Worker {
        Worker { id: 1, name: "w1@keyspace".to_owned(), doing, token, stopping: false }
    }

    fn group(count: usize) -> Group {
        Group { first: vec![token(); count], ..Group::default() }
    }

    #[test]
    fn each_situation_has_its_sentence() {
        let queue = |count| vec![Queue { name: "celery".to_owned(), tokens: group(count) }];
        let empty = Picture { queues: queue(0), ..Picture::default() };
        assert!(of(&empty).contains("Send a task"));
        let waiting = Picture { queues: queue(2), ..Picture::default() };
        assert!(of(&waiting).starts_with("2 messages wait"));
        let parked = Picture { workers: vec![worker(Doing::Parked(None), None)], ..empty.clone() };
        assert!(of(&parked).starts_with("w1 waits in BRPOP"));
        let busy = Picture {
            workers: vec![worker(Doing::Busy, Some(token()))],
            unacked: group(1),
            ..waiting
        };
        assert!(of(&busy).starts_with("w1 runs add(2, 3)."));
        assert!(of(&busy).ends_with("2 messages wait in the list meanwhile."));
        let dead = Picture {
            workers: vec![worker(Doing::Killed, Some(token()))],
            unacked: group(1),
            ..empty
        };
        assert!(of(&dead).starts_with("A message is left in unacked"));
    }
}
