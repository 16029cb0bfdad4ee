//! Purpose: escaping and timestamps.

/// As Slack writes what somebody typed.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As it is read.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// `1700000000.000100`
pub(crate) fn ts(us: i64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

/// A timestamp in microseconds; `None` when it is none.
pub(crate) fn ts_us(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > 6 || seconds.len() > 12 {
        return None;
    }
    let seconds: i64 = seconds.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(seconds * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_there_and_back() {
        assert_eq!(ts(1_700_000_000_000_100), "1700000000.000100");
        assert_eq!(ts_us("1700000000.000100"), Some(1_700_000_000_000_100));
        assert_eq!(ts_us("1700000000"), Some(1_700_000_000_000_000));
        assert_eq!(ts_us("x"), None);
        assert_eq!(unescape(&escape("a <b> & &amp; c")), "a <b> & &amp; c");
    }
}
