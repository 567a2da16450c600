//! What differs from Redis, as the rows of the command table say.

use crate::command_page::{link, name};
use crate::markdown::{cell, code_cell, front};
use keyspace::{REDIS_VERSION, command};

/// The page.
pub fn page() -> String {
    let mut page = front("Compatibility", "What differs from Redis, and what cannot be here.");
    page += &format!(
        "# Compatibility\n\nThe engine answers as Redis {REDIS_VERSION} does: replies, error texts, encodings, RESP2 and RESP3. Its \
         behaviour is written down as transcripts, which run on it and on a real redis-server; random commands are \
         compared between the two, and redis-py, Celery, node-redis and ioredis run against it.\n\n\
         What runs inside one process without a disk, a network or a host's clock cannot do everything that a server \
         can. These commands say so, or differ, as follows. Every other command is listed [here](/commands/).\n\n\
         | command | how it differs |\n|---|---|\n"
    );
    for spec in command::all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands())) {
        if spec.differs.is_empty() {
            continue;
        }
        let name = code_cell(&name(spec));
        let shown = match spec.subcommands().is_empty() {
            true => format!("[{name}]({})", link(spec)),
            false => name,
        };
        page += &format!("| {shown} | {} |\n", cell(spec.differs));
    }
    page
}
