//! Where the pages of a family of commands are.

use keyspace::command::Group;

/// The folder of a family's pages.
pub fn folder(group: Group) -> String {
    let title =
        Group::TITLES.iter().find(|(other, _)| *other == group).map_or("", |(_, title)| title);
    title.to_lowercase().replace(' ', "-")
}
