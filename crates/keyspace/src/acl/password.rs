//! Passwords, of which only the SHA-256 is kept.

use super::RuleError;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The SHA-256 of a password, in the 64 hexadecimal digits that GETUSER answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PasswordHash(String);

impl PasswordHash {
    pub fn of(password: &[u8]) -> PasswordHash {
        let mut digits = String::with_capacity(64);
        for byte in Sha256::digest(password) {
            write!(digits, "{byte:02x}").expect("writing to a String cannot fail");
        }
        PasswordHash(digits)
    }

    /// Reads the digits themselves.
    pub fn parse(digits: &[u8]) -> Result<PasswordHash, RuleError> {
        let fits = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match std::str::from_utf8(digits) {
            Ok(text) if digits.len() == 64 && digits.iter().all(fits) => {
                Ok(PasswordHash(text.to_owned()))
            }
            _ => Err(RuleError::InvalidHash),
        }
    }

    pub fn digits(&self) -> &str {
        &self.0
    }
}
