//! An account's cookie and tokens: what was issued, and what of it is still good.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::clock::now_ms;
use crate::ids::Ids;

/// Signatures, logins and access tokens remembered for an account; older ones count as never issued.
const MAX_ISSUED: usize = 8;

/// The lower-level cookies whose values never matter to the simulator but which a real cookie has.
const FILLER: [&str; 5] = ["sgcookie", "t", "cna", "XSRF-TOKEN", "csg"];

/// An account's login.
#[derive(Debug)]
pub(crate) struct Login {
    /// The `cookie2` values that prove a login. Empty for an account adopted from a foreign cookie: any will do.
    accepted: VecDeque<String>,
    alive: bool,
    signatures: VecDeque<Signature>,
    filler: Vec<(&'static str, String)>,
    grants: VecDeque<Grant>,
    newest_grant: u64,
}

#[derive(Debug)]
struct Signature {
    cookie_value: String,
    stale: bool,
}

/// An access token.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) device_id: String,
    pub(crate) number: u64,
    good_until: Instant,
    revoked: bool,
}

impl Grant {
    pub(crate) fn is_good(&self) -> bool {
        !self.revoked && Instant::now() < self.good_until
    }
}

/// What an `_m_h5_tk` is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureState {
    Good,
    Stale,
    Unknown,
}

impl Login {
    /// A login the simulator issues the cookie for.
    pub(crate) fn issued(ids: &Ids, signature_lifetime_ms: u64) -> Self {
        let mut login = Self::adopted(ids);
        login.renew(ids, signature_lifetime_ms);
        login
    }

    /// A login known from a cookie the simulator did not issue.
    pub(crate) fn adopted(ids: &Ids) -> Self {
        Self {
            accepted: VecDeque::new(),
            alive: true,
            signatures: VecDeque::new(),
            filler: FILLER.iter().map(|name| (*name, ids.hex())).collect(),
            grants: VecDeque::new(),
            newest_grant: 0,
        }
    }

    /// A new cookie: the old ones are no good from here.
    pub(crate) fn renew(&mut self, ids: &Ids, signature_lifetime_ms: u64) {
        self.accepted.clear();
        self.accepted.push_back(ids.hex());
        self.alive = true;
        for signature in &mut self.signatures {
            signature.stale = true;
        }
        self.new_signature(ids, signature_lifetime_ms);
    }

    /// The login is over; so are its access tokens.
    pub(crate) fn expire(&mut self) {
        self.alive = false;
        self.expire_grants();
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.alive
    }

    /// Whether the simulator made the cookie (and can tell another account's or an old one from it).
    pub(crate) fn is_issued(&self) -> bool {
        !self.accepted.is_empty()
    }

    /// Whether a request with this `cookie2` is logged in.
    pub(crate) fn accepts(&self, cookie2: Option<&str>) -> bool {
        self.alive
            && (self.accepted.is_empty() || cookie2.is_some_and(|value| self.accepted.iter().any(|accepted| accepted == value)))
    }

    /// One more `cookie2` that proves the login (a script set it by `Set-Cookie`).
    pub(crate) fn accept_too(&mut self, cookie2: &str) {
        if !self.accepted.is_empty() {
            self.accepted.push_back(cookie2.to_owned());
            if self.accepted.len() > MAX_ISSUED {
                self.accepted.pop_front();
            }
        }
    }

    /// Takes an `_m_h5_tk` as one of the account's own.
    pub(crate) fn adopt_signature(&mut self, cookie_value: &str) {
        self.signatures.push_back(Signature { cookie_value: cookie_value.to_owned(), stale: false });
        if self.signatures.len() > MAX_ISSUED {
            self.signatures.pop_front();
        }
    }

    pub(crate) fn has_signatures(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Makes a new `_m_h5_tk`.
    pub(crate) fn new_signature(&mut self, ids: &Ids, lifetime_ms: u64) -> String {
        let value = format!("{}_{}", ids.hex(), now_ms() + lifetime_ms);
        self.adopt_signature(&value);
        value
    }

    pub(crate) fn expire_signatures(&mut self) {
        for signature in &mut self.signatures {
            signature.stale = true;
        }
    }

    pub(crate) fn signature_state(&self, cookie_value: &str) -> SignatureState {
        let Some(signature) = self.signatures.iter().find(|signature| signature.cookie_value == cookie_value) else {
            return SignatureState::Unknown;
        };
        // A foreign value may have no expiry to read; then only a script makes it stale.
        let expiry_ms = cookie_value.rsplit_once('_').and_then(|(_, expiry)| expiry.parse::<u64>().ok());
        if signature.stale || expiry_ms.is_some_and(|expiry_ms| expiry_ms <= now_ms()) {
            SignatureState::Stale
        } else {
            SignatureState::Good
        }
    }

    pub(crate) fn add_grant(&mut self, token: String, device_id: String, good_until: Instant) {
        self.newest_grant += 1;
        self.grants.push_back(Grant { token, device_id, number: self.newest_grant, good_until, revoked: false });
        if self.grants.len() > MAX_ISSUED {
            self.grants.pop_front();
        }
    }

    pub(crate) fn grant(&self, token: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.token == token)
    }

    pub(crate) fn newest_grant(&self) -> u64 {
        self.newest_grant
    }

    pub(crate) fn expire_grants(&mut self) {
        for grant in &mut self.grants {
            grant.revoked = true;
        }
    }

    /// The whole cookie as a browser would send it.
    pub(crate) fn header(&self, unb: &str) -> String {
        let mut parts = vec![format!("unb={unb}")];
        if let Some(signature) = self.signatures.back() {
            parts.push(format!("_m_h5_tk={}", signature.cookie_value));
            parts.push(format!("_m_h5_tk_enc={}", crate::ids::md5_hex(&signature.cookie_value)));
        }
        if let Some(cookie2) = self.accepted.back() {
            parts.push(format!("cookie2={cookie2}"));
        }
        parts.extend(self.filler.iter().map(|(name, value)| format!("{name}={value}")));
        parts.push(format!("tracknick=seller{unb}"));
        parts.join("; ")
    }
}

/// The values of a cookie of that name in a header, in order. A client that merges badly may send several.
pub(crate) fn cookie_values<'a>(header: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    header.split(';').filter_map(move |pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value.trim_matches('"'))
    })
}

/// The `unb` of a cookie header, if it is a plausible one.
pub(crate) fn unb_of(header: &str) -> Option<&str> {
    cookie_values(header, "unb").find(|unb| !unb.is_empty() && unb.len() <= 64)
}
