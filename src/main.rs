//! The page: mounts the app.

fn main() {
    keyspace_playground::app::mount();
}
