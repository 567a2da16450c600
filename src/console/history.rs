//! What was typed before, over all clients and visits.

use std::rc::Rc;

/// How many lines are remembered.
const LINES_MAX: usize = 500;

/// Typed lines, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    lines: Vec<Rc<str>>,
}

impl History {
    /// Reads what [`to_text`](Self::to_text) wrote.
    pub fn from_text(text: &str) -> History {
        let mut history = History::default();
        text.lines().for_each(|line| history.push(line));
        history
    }

    /// One line of text for each line.
    pub fn to_text(&self) -> String {
        self.lines.join("\n")
    }

    /// Remembers a line, unless it is the same as the last.
    pub fn push(&mut self, line: &str) {
        if line.is_empty() || self.lines.last().is_some_and(|last| &**last == line) {
            return;
        }
        if self.lines.len() == LINES_MAX {
            self.lines.remove(0);
        }
        self.lines.push(line.into());
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn get(&self, index: usize) -> Option<&str> {
        self.lines.get(index).map(|line| &**line)
    }

    /// The last line before `end` that contains `part`.
    pub fn find_back(&self, part: &str, end: usize) -> Option<usize> {
        let end = end.min(self.lines.len());
        self.lines[..end].iter().rposition(|line| line.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn a_repeated_line_is_remembered_once() {
        let mut history = History::from_text("SET a 1\nGET a");
        history.push("GET a");
        assert_eq!((history.len(), history.to_text().as_str()), (2, "SET a 1\nGET a"));
    }

    #[test]
    fn search_goes_back_in_time() {
        let history = History::from_text("SET a 1\nGET a\nSET b 2");
        assert_eq!(history.find_back("SET", usize::MAX), Some(2));
        assert_eq!(history.find_back("SET", 2), Some(0));
        assert_eq!(history.find_back("SET", 0), None);
    }
}
