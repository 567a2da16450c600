//! Ids as Python's `uuid` makes them, from seeded random bytes.

use fastrand::Rng;
use uuid::{Builder, Variant, Version};

fn random(rng: &mut Rng, version: Version) -> uuid::Uuid {
    Builder::from_u128(rng.u128(..))
        .with_variant(Variant::RFC4122)
        .with_version(version)
        .into_uuid()
}

/// The id of a task or message: `uuid4()`.
pub(crate) fn message_id(rng: &mut Rng) -> String {
    random(rng, Version::Random).to_string()
}

/// The id of a process, which replies are sent to: a `uuid3()`.
pub(crate) fn process_id(rng: &mut Rng) -> String {
    random(rng, Version::Md5).to_string()
}

/// The token of a lock: `uuid1().hex`.
pub(crate) fn lock_token(rng: &mut Rng) -> String {
    random(rng, Version::Mac).simple().to_string()
}
