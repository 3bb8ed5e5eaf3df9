//! What the platform itself says in a chat, as data: order states, and the texts that get no reply.

use super::message::OrderStatus;

/// Texts of order cards, and what each says of the order.
pub const ORDER_TEXTS: &[(&str, OrderStatus)] = &[
    ("[我已拍下，待付款]", OrderStatus::AwaitingPayment),
    ("[我已付款，等待你发货]", OrderStatus::AwaitingShipment),
    ("[已付款，待发货]", OrderStatus::AwaitingShipment),
    ("[记得及时发货]", OrderStatus::AwaitingShipment),
    ("[你已发货]", OrderStatus::Shipped),
    ("[买家确认收货，交易成功]", OrderStatus::Completed),
    ("[你已确认收货，交易成功]", OrderStatus::Completed),
    ("[你关闭了订单，钱款已原路退返]", OrderStatus::Closed),
];

/// Values of `redReminder`, the red line under a chat in the list, and what each says of the order.
pub const RED_REMINDERS: &[(&str, OrderStatus)] = &[
    ("等待买家付款", OrderStatus::AwaitingPayment),
    ("等待卖家发货", OrderStatus::AwaitingShipment),
    ("等待买家收货", OrderStatus::Shipped),
    ("交易成功", OrderStatus::Completed),
    ("交易关闭", OrderStatus::Closed),
];

/// Further texts that the platform puts into a chat. A host may have more of its own.
pub const OTHER_TEXTS: &[&str] = &[
    "[不想宝贝被砍价?设置不砍价回复  ]",
    "AI正在帮你回复消息，不错过每笔订单",
    "发来一条消息",
    "发来一条新消息",
    "快给ta一个评价吧~",
    "快给ta一个评价吧～",
    "卖家人不错？送Ta闲鱼小红花",
    "已发货",
];

/// What a card's text or a `redReminder` says of the order; `None` if it is neither. Spaces around the text do not count.
pub fn order_status(text: &str) -> Option<OrderStatus> {
    let text = text.trim();
    [ORDER_TEXTS, RED_REMINDERS].into_iter().flatten().find(|(known, _)| *known == text).map(|(_, status)| *status)
}

/// Whether a text is the platform's and gets no reply. Only the whole text counts, never a part of it; spaces around it do not.
pub fn is_platform_text(text: &str) -> bool {
    let text = text.trim();
    order_status(text).is_some() || OTHER_TEXTS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::{OTHER_TEXTS, is_platform_text, order_status};
    use crate::wire::message::OrderStatus;

    #[test]
    fn every_listed_text_is_the_platforms_and_a_longer_one_is_not() {
        for text in OTHER_TEXTS {
            assert!(is_platform_text(text), "{text}");
            assert!(!is_platform_text(&format!("{text}吗")), "{text}");
        }
        assert!(is_platform_text("[你已发货]"));
        assert!(is_platform_text("等待卖家发货"));
        assert!(!is_platform_text(""));
    }

    #[test]
    fn an_order_state_is_known_by_text_or_by_reminder() {
        for (text, status) in [
            ("[记得及时发货]", Some(OrderStatus::AwaitingShipment)),
            (" 等待买家收货 ", Some(OrderStatus::Shipped)),
            ("交易成功", Some(OrderStatus::Completed)),
            ("已发货", None),
            ("发货了吗", None),
        ] {
            assert_eq!(order_status(text), status, "{text}");
        }
    }
}
