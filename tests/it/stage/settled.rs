//! A transcript without what differs between runs.

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The same text without what differs between runs: times of day, days near today, codes, durations.
pub(crate) fn settled(text: &str) -> String {
    text.split('\n').map(settled_line).collect::<Vec<_>>().join("\n")
}

fn settled_line(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(settled_word).collect();
    for at in 0..words.len() {
        let behind = |word: &str| at > 0 && words[at - 1].ends_with(word);
        let answer = at > 1 && words[at - 2].ends_with("/link") && (behind("yes") || behind("no"));
        let code = answer || behind("/confirm") || behind("/pair") || behind("/claim") || behind("/link");
        let code = code || behind("/연결") || behind("/페어링");
        let letters = words[at].trim_end_matches(['.', ',']);
        if code && letters.len() == 8 && letters.chars().all(|c| c.is_ascii_alphanumeric()) {
            words[at] = "<code>".into();
        }
        // `Fri 27 Nov`, but not `Fri 2 May 2031`.
        let month = words.get(at + 2).map(|word| word.trim_end_matches([',', '.', ')', '"']).to_owned());
        let day = DAYS.iter().any(|day| words[at].ends_with(day));
        let year = words.get(at + 3).is_some_and(|word| word.starts_with("20"));
        if day && !year && month.as_deref().is_some_and(|month| MONTHS.contains(&month)) {
            let before = words[at][..words[at].len() - 3].to_owned();
            let behind: String = words[at + 2].chars().skip(3).collect();
            words[at] = format!("{before}<day>{behind}");
            words.drain(at + 1..=at + 2);
        }
        // `4 s ago`, `up 3 s`
        let number = words.get(at).is_some_and(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()));
        let unit = words.get(at + 1).map(|word| word.trim_end_matches([',', '.'])).unwrap_or_default();
        if number && unit == "s" {
            words[at] = "<n>".into();
        }
        if words.len() <= at + 1 {
            break;
        }
    }
    words.join(" ").replace("<n> s ago", "just now")
}

/// `14:02:11` and `14:02`.
fn settled_word(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    let is_time = |at: usize, shape: &str| {
        chars.len() >= at + shape.len()
            && shape
                .chars()
                .zip(&chars[at..])
                .all(|(want, have)| if want == '0' { have.is_ascii_digit() } else { want == *have })
    };
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        if is_time(at, "00:00:00") {
            out.push_str("hh:mm:ss");
            at += 8;
        } else if is_time(at, "00:00") {
            out.push_str("hh:mm");
            at += 5;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}
