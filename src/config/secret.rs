//! Values that are never shown.

use std::fmt;

use zeroize::Zeroizing;

/// A token or the like: not in logs, not in error messages, wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value, without the white space around it.
    pub fn new(value: impl Into<String>) -> Self {
        let value = Zeroizing::new(value.into());
        Self(Zeroizing::new(value.trim().to_owned()))
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_shown() {
        let secret = Secret::new(" 123:abc\n");
        assert_eq!(secret.expose(), "123:abc");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)).matches("123").count(), 0);
    }
}
