//! `application/x-www-form-urlencoded`, as much as a query and a form body need.

/// The pairs of a query or a form, decoded, in order.
pub(crate) fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            (decode(&pair[..at]), decode(pair.get(at + 1..).unwrap_or_default()))
        })
        .collect()
}

/// The first value of that name.
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn decode(encoded: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = if byte == b'%' { hex_pair(after) } else { None };
        decoded.push(match (byte, escaped) {
            (_, Some(value)) => {
                rest = &after[2..];
                value
            }
            (b'+', None) => b' ',
            (byte, None) => byte,
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_byte_for_byte() {
        let pairs = pairs(b"data=%7B%22a%22%3A%22%E4%BD%A0+b%2B%22%7D&x=&y&bad=%zz%");
        assert_eq!(value(&pairs, "data"), Some("{\"a\":\"你 b+\"}"));
        assert_eq!(value(&pairs, "x"), Some(""));
        assert_eq!(value(&pairs, "y"), Some(""));
        assert_eq!(value(&pairs, "bad"), Some("%zz%"));
    }
}
