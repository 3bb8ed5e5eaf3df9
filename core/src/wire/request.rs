//! Outgoing frames, and the ids they carry.
//!
//! Each builder gives the frame's text. Ids of users and chats go in bare; the `@goofish` is put on here.

use data_encoding::{BASE64, HEXUPPER};
use rand::{Rng, RngExt};
use serde::Serialize;

use crate::secret::Secret;

/// Names this kind of client to the IM service.
pub const APP_KEY: &str = "444e9908a51d1cb236a27862abc769c9";

/// The site: `Origin` of the handshake and of every API call.
pub const ORIGIN: &str = "https://www.goofish.com";

/// The browser this client presents itself as, in the handshake and in every API call.
pub const USER_AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36";

/// [`USER_AGENT`] and what the site's IM script appends to it, for [`register`].
pub const IM_USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36 DingTalk(2.1.5) OS(Windows/10) Browser(Chrome/133.0.0.0) DingWeb/2.1.5 IMPaaS DingWeb/2.1.5";

/// The cursor that asks for the newest page of a chat's history: 2^53 - 1.
pub const NEWEST: i64 = 9_007_199_254_740_991;

/// Messages a page of history.
const HISTORY_PAGE: u32 = 20;

/// Gives the `mid` of each request: `{0..999}{ms} 0`, never the same twice on a connection, whatever the clock does.
#[derive(Debug)]
pub struct MidSource {
    counter: u16,
    used_in_this_ms: u16,
    last_ms: i64,
}

impl MidSource {
    /// For one connection. The random source only says where the counter begins.
    pub fn new(random: &mut impl Rng) -> Self {
        Self { counter: random.random_range(0..MIDS_A_MS), used_in_this_ms: 0, last_ms: i64::MIN }
    }

    /// The next one. `now_ms` is ms since 1970.
    pub fn next_mid(&mut self, now_ms: i64) -> String {
        if now_ms > self.last_ms {
            (self.last_ms, self.used_in_this_ms) = (now_ms, 0);
        } else if self.used_in_this_ms == MIDS_A_MS {
            (self.last_ms, self.used_in_this_ms) = (self.last_ms + 1, 0);
        }
        self.used_in_this_ms += 1;
        self.counter = (self.counter + 1) % MIDS_A_MS;
        // Not padded, as in the service's own client: unambiguous while ms have 13 digits, until the year 2286.
        format!("{}{} 0", self.counter, self.last_ms)
    }
}

const MIDS_A_MS: u16 = 1000;

/// Gives the `uuid` of each message sent: `-{ms}1`, each later than the one before, so that two in one ms differ.
///
/// One for an account, kept over reconnects.
#[derive(Debug, Default)]
pub struct UuidSource {
    last_ms: i64,
}

impl UuidSource {
    /// Goes on after one that was used before, by an earlier process say.
    pub fn go_on_after(&mut self, uuid: &str) {
        let used_ms = uuid.strip_prefix('-').and_then(|rest| rest.strip_suffix('1')).and_then(|ms| ms.parse().ok());
        self.last_ms = self.last_ms.max(used_ms.unwrap_or(0));
    }

    /// The next one. `now_ms` is ms since 1970.
    pub fn next_uuid(&mut self, now_ms: i64) -> String {
        self.last_ms = now_ms.max(self.last_ms + 1);
        format!("-{}1", self.last_ms)
    }
}

/// A new device id: the shape of a version-4 UUID in upper case, then `-{unb}`.
///
/// Made once for an account and stored: a new one at each start looks like a new device.
pub fn device_id(random: &mut impl Rng, unb: &str) -> String {
    let mut bytes: [u8; 16] = random.random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = HEXUPPER.encode(&bytes);
    format!("{}-{}-{}-{}-{}-{unb}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[derive(Serialize)]
struct Frame<'a, B> {
    lwp: &'a str,
    headers: Mid<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<B>,
}

#[derive(Serialize)]
struct Mid<'a> {
    mid: &'a str,
}

/// What the site's client says of itself in every request that can make something.
#[derive(Serialize)]
struct Context {
    #[serde(rename = "appVersion")]
    app_version: &'static str,
    platform: &'static str,
}

const CONTEXT: Context = Context { app_version: "1.0", platform: "web" };

/// Enough for nearly every frame, so that its text is not moved while it is written.
const USUAL_FRAME_BYTES: usize = 1024;

pub(super) fn json(value: &impl Serialize) -> String {
    let mut bytes = Vec::with_capacity(USUAL_FRAME_BYTES);
    serde_json::to_writer(&mut bytes, value).expect("structs of text and numbers always become JSON");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn frame(lwp: &str, mid: &str, body: impl Serialize) -> String {
    json(&Frame { lwp, headers: Mid { mid }, body: Some(body) })
}

fn with_domain(id: &str) -> String {
    [id, "@goofish"].concat()
}

/// `/reg`, the first frame of a connection. Holds the access token, and so is a secret as a whole.
pub fn register(mid: &str, token: &Secret, device_id: &str) -> Secret {
    #[derive(Serialize)]
    struct Register<'a> {
        lwp: &'static str,
        headers: Headers<'a>,
    }
    #[derive(Serialize)]
    struct Headers<'a> {
        #[serde(rename = "cache-header")]
        cache_header: &'static str,
        #[serde(rename = "app-key")]
        app_key: &'static str,
        token: &'a str,
        ua: &'static str,
        dt: &'static str,
        wv: &'static str,
        sync: &'static str,
        did: &'a str,
        mid: &'a str,
    }
    Secret::new(json(&Register {
        lwp: "/reg",
        headers: Headers {
            cache_header: "app-key token ua wv",
            app_key: APP_KEY,
            token: token.expose(),
            ua: IM_USER_AGENT,
            dt: "j",
            wv: "im:3,au:3,sy:6",
            sync: "0,0;0;0;",
            did: device_id,
            mid,
        },
    }))
}

/// Asks for pushes from now on; sent after `/reg` is answered. `now_ms` is ms since 1970.
pub fn sync_from_now(mid: &str, now_ms: i64) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Position {
        pipeline: &'static str,
        too_long2_tag: &'static str,
        channel: &'static str,
        topic: &'static str,
        high_pts: i64,
        pts: i64,
        seq: i64,
        timestamp: i64,
    }
    let position = Position {
        pipeline: "sync",
        too_long2_tag: "PNM,1",
        channel: "sync",
        topic: "sync",
        high_pts: 0,
        pts: now_ms.saturating_mul(1000),
        seq: 0,
        timestamp: now_ms,
    };
    frame("/r/SyncStatus/ackDiff", mid, [position])
}

/// The heartbeat.
pub fn heartbeat(mid: &str) -> String {
    json(&Frame::<()> { lwp: "/!", headers: Mid { mid }, body: None })
}

/// Where a message goes.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// The chat.
    pub chat_id: &'a str,
    /// The other person's user id.
    pub peer_id: &'a str,
    /// The account's own user id.
    pub unb: &'a str,
}

/// A picture that the site already has.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Its URL on the site's image host.
    pub url: &'a str,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Sends a text. `uuid` is from the account's [`UuidSource`].
pub fn send_text(mid: &str, uuid: &str, to: Recipient<'_>, text: &str) -> String {
    #[derive(Serialize)]
    struct TextContent<'a> {
        #[serde(rename = "contentType")]
        content_type: u32,
        text: Text<'a>,
    }
    #[derive(Serialize)]
    struct Text<'a> {
        text: &'a str,
    }
    send(mid, uuid, to, 1, &TextContent { content_type: 1, text: Text { text } })
}

/// Sends a picture. `uuid` is from the account's [`UuidSource`].
pub fn send_picture(mid: &str, uuid: &str, to: Recipient<'_>, picture: Picture<'_>) -> String {
    #[derive(Serialize)]
    struct PictureContent<'a> {
        #[serde(rename = "contentType")]
        content_type: u32,
        image: Image<'a>,
    }
    #[derive(Serialize)]
    struct Image<'a> {
        pics: [Pic<'a>; 1],
    }
    #[derive(Serialize)]
    struct Pic<'a> {
        r#type: u32,
        url: &'a str,
        width: u32,
        height: u32,
    }
    let Picture { url, width, height } = picture;
    let image = Image { pics: [Pic { r#type: 0, url, width, height }] };
    send(mid, uuid, to, 2, &PictureContent { content_type: 2, image })
}

fn send(mid: &str, uuid: &str, to: Recipient<'_>, custom_type: u32, content: &impl Serialize) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Sent<'a> {
        uuid: &'a str,
        cid: String,
        conversation_type: u32,
        content: Content,
        red_point_policy: u32,
        extension: Extension,
        ctx: Context,
        mtags: Empty,
        msg_read_status_setting: u32,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Content {
        content_type: u32,
        custom: Custom,
    }
    #[derive(Serialize)]
    struct Custom {
        r#type: u32,
        data: String,
    }
    #[derive(Serialize)]
    struct Extension {
        #[serde(rename = "extJson")]
        ext_json: &'static str,
    }
    #[derive(Serialize)]
    struct Empty {}
    #[derive(Serialize)]
    struct Receivers {
        #[serde(rename = "actualReceivers")]
        actual_receivers: [String; 2],
    }
    let sent = Sent {
        uuid,
        cid: with_domain(to.chat_id),
        conversation_type: 1,
        content: Content {
            content_type: 101,
            custom: Custom { r#type: custom_type, data: BASE64.encode(json(content).as_bytes()) },
        },
        red_point_policy: 0,
        extension: Extension { ext_json: "{}" },
        ctx: CONTEXT,
        mtags: Empty {},
        msg_read_status_setting: 1,
    };
    let receivers = Receivers { actual_receivers: [with_domain(to.peer_id), with_domain(to.unb)] };
    frame("/r/MessageSend/sendByReceiverScope", mid, (sent, receivers))
}

/// Opens a chat with somebody about an item. The answer's [`super::frame::Answer::chat_id`] is the chat.
pub fn create_chat(mid: &str, peer_id: &str, unb: &str, item_id: &str) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Create<'a> {
        pair_first: String,
        pair_second: String,
        biz_type: &'static str,
        extension: Extension<'a>,
        ctx: Context,
    }
    #[derive(Serialize)]
    struct Extension<'a> {
        #[serde(rename = "itemId")]
        item_id: &'a str,
    }
    let create = Create {
        pair_first: with_domain(peer_id),
        pair_second: with_domain(unb),
        biz_type: "1",
        extension: Extension { item_id },
        ctx: CONTEXT,
    };
    frame("/r/SingleChatConversation/create", mid, [create])
}

/// Asks for a page of a chat's history. `cursor` is [`NEWEST`], then the answer's `next_cursor`.
pub fn history(mid: &str, chat_id: &str, cursor: i64) -> String {
    frame("/r/MessageManager/listUserMessages", mid, (with_domain(chat_id), false, cursor, HISTORY_PAGE, false))
}

/// Asks for the newest chats, at most `limit` of them, from a cursor on ([`NEWEST`] at first).
pub fn newest_chats(mid: &str, cursor: i64, limit: u32) -> String {
    frame("/r/Conversation/listNewestPagination", mid, (cursor, limit))
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
