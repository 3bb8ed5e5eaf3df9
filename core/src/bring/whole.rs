//! The accounts of a document as one whole, bound to the key that its secrets are sealed with: nothing of them can be changed, left
//! out, added or moved unnoticed, neither what is sealed nor what stands there to be read.

use data_encoding::BASE64;

use crate::error::Error;
use crate::key::Key;
use crate::sealing;

/// Marks the accounts, as JSON, of a document that was made at this moment.
pub(super) fn mark(key: &Key, format: &str, made_at_ms: i64, accounts: &str) -> Result<String, Error> {
    let sealed = sealing::seal(key, &place(format, &made_at_ms.to_le_bytes(), &compact(accounts)), b"");
    sealed.map(|mark| BASE64.encode(&mark)).map_err(|fault| Error::Internal { problem: format!("the accounts: {fault}") })
}

/// Whether the accounts are still what was marked.
pub(super) fn is_as_marked(key: &Key, format: &str, made_at_ms: i64, accounts: &str, mark: &str) -> bool {
    let Ok(mark) = BASE64.decode(mark.as_bytes()) else { return false };
    sealing::unseal(key, &place(format, &made_at_ms.to_le_bytes(), &compact(accounts)), &mark).is_ok()
}

/// It has one part more than the place of a secret, and so is never one.
fn place<'a>(format: &'a str, made_at: &'a [u8], accounts: &'a [u8]) -> [&'a [u8]; 5] {
    [format.as_bytes(), b"1", b"accounts", made_at, accounts]
}

/// JSON without the spaces and line ends between its parts, which an editor may change and which mean nothing. The text itself is
/// taken, not what is understood of it: so a later version that reads more of it finds the same.
fn compact(json: &str) -> Vec<u8> {
    let mut compact = Vec::with_capacity(json.len());
    let (mut in_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        if !in_text && byte.is_ascii_whitespace() {
            continue;
        }
        compact.push(byte);
        // A quotation mark ends a text unless it is escaped.
        if byte == b'"' && !is_escaped {
            in_text = !in_text;
        }
        is_escaped = in_text && byte == b'\\' && !is_escaped;
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::{compact, is_as_marked, mark};
    use crate::sealing::random_key;

    #[test]
    fn what_means_nothing_may_change_and_what_means_something_may_not() {
        let key = random_key().unwrap();
        let accounts = r#"[{ "a": "x \" y\\" , "b": [1, 2] }]"#;
        assert_eq!(compact(accounts), br#"[{"a":"x \" y\\","b":[1,2]}]"#);
        let mark = mark(&key, "f", 7, accounts).unwrap();
        for same in [accounts.to_owned(), accounts.replace("2] ", "\r\n2\t]")] {
            assert!(is_as_marked(&key, "f", 7, &same, &mark), "{same}");
        }
        for other in [accounts.replace("x \\", "x  \\"), accounts.replace('1', "3"), accounts.replace("y\\\\", "y\\\\\\\\")] {
            assert!(!is_as_marked(&key, "f", 7, &other, &mark), "{other}");
        }
        assert!(!is_as_marked(&key, "f", 8, accounts, &mark) && !is_as_marked(&key, "g", 7, accounts, &mark));
        assert!(!is_as_marked(&random_key().unwrap(), "f", 7, accounts, &mark) && !is_as_marked(&key, "f", 7, accounts, "AAAA"));
    }
}
