//! What people and the platform say, before it is packed into the bytes of a push.

/// A message a buyer writes to the seller.
///
/// ```
/// use livekeeper_simulator::{BuyerMessage, Encoding};
///
/// let message = BuyerMessage::new("20997167734", "9687236998962", "还在吗？")
///     .named("摸鱼的猫🐟")
///     .about_item("526822747770")
///     .encoded(Encoding::StringKeys);
/// assert_eq!(message.text, "还在吗？");
/// ```
#[derive(Debug, Clone)]
pub struct BuyerMessage {
    /// The chat, without `@goofish`.
    pub chat_id: String,
    /// The buyer's user id, without `@goofish`.
    pub buyer_id: String,
    /// The name shown for the buyer (`reminderTitle`).
    pub buyer_name: String,
    /// A `senderNick` beside it, which wins over the name where present. Default none.
    pub buyer_nick: Option<String>,
    /// The text.
    pub text: String,
    /// The item the chat is about. Default none.
    pub item_id: Option<String>,
    /// The message's id. Default: a new one of 32 hex digits.
    pub message_id: Option<String>,
    /// Milliseconds since 1970. Default: now, and later than everything said to the account before.
    pub created_at_ms: Option<u64>,
    /// Said in a group (`sessionType` "30"). Default off.
    pub group: bool,
    /// How the entry is written. Default [`Encoding::IntegerKeys`].
    pub encoding: Encoding,
    /// The base64 has its padding. Default on.
    pub padded: bool,
    /// The sender stands in `1.1` and not in `1.1.1`. Default off.
    pub bare_sender: bool,
    /// The message's id stands in `extJson` only, not in `bizTag`. Default off.
    pub id_in_ext_json_only: bool,
}

impl BuyerMessage {
    /// A plain message; the builder methods or the public fields change the rest.
    pub fn new(chat_id: impl Into<String>, buyer_id: impl Into<String>, text: impl Into<String>) -> Self {
        let buyer_id = buyer_id.into();
        Self {
            chat_id: chat_id.into(),
            buyer_name: format!("buyer {buyer_id}"),
            buyer_id,
            buyer_nick: None,
            text: text.into(),
            item_id: None,
            message_id: None,
            created_at_ms: None,
            group: false,
            encoding: Encoding::IntegerKeys,
            padded: true,
            bare_sender: false,
            id_in_ext_json_only: false,
        }
    }

    /// Sets the buyer's name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.buyer_name = name.into();
        self
    }

    /// Sets the item the chat is about.
    #[must_use]
    pub fn about_item(mut self, item_id: impl Into<String>) -> Self {
        self.item_id = Some(item_id.into());
        self
    }

    /// Sets the message's id.
    #[must_use]
    pub fn with_id(mut self, message_id: impl Into<String>) -> Self {
        self.message_id = Some(message_id.into());
        self
    }

    /// Sets the time of the message, ms since 1970.
    #[must_use]
    pub fn at_ms(mut self, created_at_ms: u64) -> Self {
        self.created_at_ms = Some(created_at_ms);
        self
    }

    /// Sets how the entry is written.
    #[must_use]
    pub fn encoded(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Leaves the base64 padding out.
    #[must_use]
    pub fn unpadded(mut self) -> Self {
        self.padded = false;
        self
    }

    /// Says it in a group.
    #[must_use]
    pub fn in_group(mut self) -> Self {
        self.group = true;
        self
    }
}

/// How an entry's map is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// `MessagePack`, keys as small integers: what the service sends as a rule.
    #[default]
    IntegerKeys,
    /// `MessagePack`, the same keys as strings of digits.
    StringKeys,
    /// Plain JSON.
    PlainJson,
}

/// One thing inside a push.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A buyer's text.
    Message(BuyerMessage),
    /// A text of the seller's own, as typed on a phone.
    OwnMessage {
        /// The chat, without `@goofish`.
        chat_id: String,
        /// The buyer it was said to.
        peer_id: String,
        /// The text.
        text: String,
    },
    /// A picture from a buyer; the message's text is replaced by `[图片]`.
    Picture {
        /// Chat, sender, item, id, encoding.
        message: BuyerMessage,
        /// Where the picture is.
        url: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// An order's card in a chat; the message's text is replaced by the status's.
    OrderCard {
        /// Chat, sender, item, id, encoding.
        message: BuyerMessage,
        /// The order.
        order_id: String,
        /// What has become of the order.
        status: OrderStatus,
        /// Where in the card the order's id stands.
        id_in: OrderIdIn,
    },
    /// A card's later version: the detail fields under `4`, the chat under `2`, no `1.10`.
    CardUpdate {
        /// Chat, sender, item, id, encoding.
        message: BuyerMessage,
        /// What has become of the order.
        status: OrderStatus,
    },
    /// A trade reminder: only the buyer and the status.
    TradeReminder {
        /// The buyer.
        buyer_id: String,
        /// What has become of the order.
        status: OrderStatus,
    },
    /// Somebody types.
    Typing {
        /// Who.
        user_id: String,
    },
    /// The platform's own tip, plain JSON with `chatType`.
    SystemTip {
        /// Its text.
        text: String,
    },
    /// Bytes that are no `MessagePack` map: a truncated one.
    Broken,
    /// An entry's `data` as it is to be sent (for vectors, and for what no other variant makes).
    Raw(String),
}

/// What has become of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// Bought, not paid.
    AwaitingPayment,
    /// Paid, to be shipped.
    AwaitingShipment,
    /// Shipped.
    Shipped,
    /// The buyer has it and says so.
    Completed,
    /// Called off.
    Closed,
}

impl OrderStatus {
    pub(crate) fn card_text(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "[我已拍下，待付款]",
            Self::AwaitingShipment => "[我已付款，等待你发货]",
            Self::Shipped => "[你已发货]",
            Self::Completed => "[买家确认收货，交易成功]",
            Self::Closed => "[你关闭了订单，钱款已原路退返]",
        }
    }

    pub(crate) fn reminder(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "等待买家付款",
            Self::AwaitingShipment => "等待卖家发货",
            Self::Shipped => "等待买家收货",
            Self::Completed => "交易成功",
            Self::Closed => "交易关闭",
        }
    }
}

/// Where in an order's card the id stands; the service has put it in all of these places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderIdIn {
    /// `order_detail?id=` in the card's own `targetUrl`.
    Detail,
    /// `orderId=` in the button's `targetUrl`.
    #[default]
    Button,
    /// `bizOrderId=` in the button's `targetUrl`.
    BizOrderId,
    /// `order_detail?id=` under `dynamicOperation.changeContent`.
    Dynamic,
}
