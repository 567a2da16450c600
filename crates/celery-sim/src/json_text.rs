//! JSON inside of plain data: itself where the format has it, its text where it does not.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a value that consists of JSON.
pub(crate) fn serialize<T: Serialize, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() {
        return value.serialize(to);
    }
    let text = serde_json::to_string(value).map_err(serde::ser::Error::custom)?;
    text.serialize(to)
}

/// Reads what [`serialize`] wrote.
pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    if from.is_human_readable() {
        return T::deserialize(from);
    }
    let text = String::deserialize(from)?;
    serde_json::from_str(&text).map_err(D::Error::custom)
}
