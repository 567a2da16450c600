//! The table of tasks, as a query wants it.

use super::Scene;
use super::messages::{Message, REMEMBERED_MAX};
use crate::celery::picture::{TokenId, short};
use crate::celery::tasks::{TaskQuery, TaskRow, TaskWindow};

/// How many rows are told at once.
const ROWS_MAX: u32 = 200;

impl Scene {
    /// The tasks that match a query, the latest first.
    pub(super) fn table(&self, query: &TaskQuery) -> TaskWindow {
        let filter = query.filter.to_lowercase();
        let matches = |message: &Message| {
            !message.task_id.is_empty()
                && query.state.is_none_or(|state| state == message.state)
                && (filter.is_empty() || contains(message, &filter))
        };
        let matching = self.messages.latest().filter(|(_, message)| matches(message));
        let (offset, count) = (query.offset, query.count.min(ROWS_MAX));
        let mut rows = Vec::new();
        let mut total = 0;
        for (token, message) in matching {
            if (offset..offset.saturating_add(count)).contains(&total) {
                rows.push(row(token, message));
            }
            total += 1;
        }
        TaskWindow {
            query: query.clone(),
            total,
            rows,
            states: self.messages.states().to_vec(),
            forgotten: self.messages.forgotten(),
            limit: REMEMBERED_MAX as u32,
        }
    }
}

fn contains(message: &Message, filter: &str) -> bool {
    [&*message.label, &message.task_id, &message.worker, &message.result]
        .into_iter()
        .any(|text| text.to_lowercase().contains(filter))
}

fn row(token: TokenId, message: &Message) -> TaskRow {
    TaskRow {
        token,
        task_id: message.task_id.to_string(),
        label: message.label.clone(),
        state: message.state,
        attempts: message.attempts,
        worker: short(&message.worker).to_owned(),
        runtime_ms: message.runtime_ms,
        result: message.result.clone(),
        at: message.at,
    }
}
