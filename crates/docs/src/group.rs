//! The families of commands, in the order of the menu.

use keyspace::command::Group;

/// Each family and its title.
pub const TITLES: &[(Group, &str)] = &[
    (Group::String, "Strings"),
    (Group::Generic, "Keys"),
    (Group::List, "Lists"),
    (Group::Hash, "Hashes"),
    (Group::Set, "Sets"),
    (Group::SortedSet, "Sorted sets"),
    (Group::Stream, "Streams"),
    (Group::Array, "Arrays"),
    (Group::Bitmap, "Bitmaps"),
    (Group::Hyperloglog, "HyperLogLog"),
    (Group::Geo, "Geo"),
    (Group::PubSub, "Publish and subscribe"),
    (Group::Transactions, "Transactions"),
    (Group::Scripting, "Scripting"),
    (Group::Connection, "Connection"),
    (Group::Server, "Server"),
    (Group::Cluster, "Cluster"),
];

/// The folder of a family's pages.
pub fn folder(group: Group) -> String {
    let title = TITLES.iter().find(|(other, _)| *other == group).map_or("", |(_, title)| title);
    title.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::TITLES;

    #[test]
    fn every_family_is_in_the_menu() {
        for spec in keyspace::command::all() {
            assert!(TITLES.iter().any(|(group, _)| *group == spec.group), "{}", spec.name);
        }
    }
}
