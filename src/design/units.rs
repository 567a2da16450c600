//! Numbers for people: times, sizes, names.

/// A span of time, as exact as somebody can read it while it runs.
pub fn span(ms: f64) -> String {
    let ms = ms.max(0.0);
    let seconds = (ms / 1_000.0) as u64;
    match seconds {
        0..10 => format!("{:.1} s", (ms / 100.0).floor() / 10.0),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        3_600..86_400 => {
            format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
        }
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Bytes, to three digits.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if count < 1_024 {
        return format!("{count} B");
    }
    let mut amount = count as f64 / 1_024.0;
    let mut unit = 0;
    while amount >= 1_000.0 && unit + 1 < UNITS.len() {
        amount /= 1_024.0;
        unit += 1;
    }
    let digits = if amount < 10.0 { 1 } else { 0 };
    format!("{amount:.digits$} {}", UNITS[unit])
}

/// A count with its digits in groups of three.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// The time of day, to the millisecond, where local time is ahead of UTC by so many minutes.
pub fn time_of_day(unix_ms: f64, ahead_minutes: f64) -> String {
    let ms = (unix_ms + ahead_minutes * 60_000.0) as i64;
    let of_day = ms.rem_euclid(86_400_000);
    let (seconds, ms) = (of_day / 1_000, of_day % 1_000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Bytes as text in one line: printable characters as they are, everything else escaped.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                _ if char.is_control() => text.push_str(&format!("\\x{:02x}", char as u32)),
                _ => text.push(char),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// An argument as it is typed in the console: quoted where it must be.
pub fn argument(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.is_empty() && bytes.iter().all(plain) => text.to_owned(),
        _ => keyspace_resp::cli::quote(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::{argument, bytes, count, span, text, time_of_day};

    #[test]
    fn spans_are_finer_when_they_are_short() {
        for (ms, expected) in [
            (-5.0, "0.0 s"),
            (9_999.0, "9.9 s"),
            (42_500.0, "42 s"),
            (75_000.0, "1:15"),
            (3_725_000.0, "1:02:05"),
            (200_000_000.0, "2 d"),
        ] {
            assert_eq!(span(ms), expected);
        }
    }

    #[test]
    fn sizes_have_three_digits() {
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(1_536), "1.5 KB");
        assert_eq!(bytes(1_048_575), "1.0 MB");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn the_time_of_day_is_local() {
        assert_eq!(time_of_day(1_007.0, 90.0), "01:30:01.007");
    }

    #[test]
    fn bytes_read_as_text_and_quote_as_arguments() {
        assert_eq!(text("naïve\n\u{1}".as_bytes()), "naïve\\n\\x01");
        assert_eq!(text(b"a\xff"), "a\\xff");
        assert_eq!(argument(b"user:1"), "user:1");
        assert_eq!(argument(b"a b"), "\"a b\"");
        assert_eq!(argument(b""), "\"\"");
    }
}
