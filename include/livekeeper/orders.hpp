// Orders, and confirmations of their shipment.
#ifndef LIVEKEEPER_ORDERS_HPP
#define LIVEKEEPER_ORDERS_HPP

#include <livekeeper/detail.hpp>
#include <livekeeper/names.hpp>

#include <optional>
#include <string>
#include <vector>

namespace livekeeper {

// One status of an order, and the card that told of it.
struct OrderStep {
    OrderStatus status{};
    TimePoint at{};
    std::string message_id{};
};

// An order that the platform's cards have told of: see lk_order.
struct Order {
    // If you deliver goods for it, do so once for this id.
    std::string order_id{};
    std::string chat_id{};
    std::optional<std::string> item_id{};
    std::optional<std::string> buyer_id{};
    OrderStatus status{};
    std::vector<OrderStep> steps{};
    ConfirmationState confirmation{};
    std::optional<std::string> confirmation_code{};
    std::optional<std::string> confirmation_text{};
    std::optional<TimePoint> confirmation_at{};
    TimePoint created_at{};
    TimePoint updated_at{};
};

// How a confirmation stands.
struct Confirmation {
    ConfirmationState state{};
    TimePoint at{};
    // The service's code and words of a refused one, or what was seen in place of an answer.
    std::string detail{};
};

namespace detail {

inline std::vector<OrderStep> order_steps(const lk_order_list *list, std::size_t index, std::size_t count) {
    return entries<OrderStep>(count, [&](std::size_t step_index) {
        lk_order_step seen = LK_ORDER_STEP_INIT;
        check(lk_order_list_step(list, index, step_index, &seen));
        return OrderStep{seen.status, moment(seen.at_ms), text(seen.message_id)};
    });
}

inline std::vector<Order> orders(const lk_order_list *list) {
    return entries<Order>(lk_order_list_count(list), [&](std::size_t index) {
        lk_order seen = LK_ORDER_INIT;
        check(lk_order_list_get(list, index, &seen));
        Order order;
        order.order_id = text(seen.order_id);
        order.chat_id = text(seen.chat_id);
        order.item_id = optional_text(seen.item_id);
        order.buyer_id = optional_text(seen.buyer_id);
        order.status = seen.status;
        order.steps = order_steps(list, index, seen.step_count);
        order.confirmation = seen.confirmation;
        order.confirmation_code = optional_text(seen.confirmation_code);
        order.confirmation_text = optional_text(seen.confirmation_text);
        order.confirmation_at = optional_moment(seen.confirmation_at_ms);
        order.created_at = moment(seen.created_at_ms);
        order.updated_at = moment(seen.updated_at_ms);
        return order;
    });
}

// The order of a list that has one or none.
inline std::optional<Order> only_order(const lk_order_list *list) {
    std::vector<Order> found = orders(list);
    return found.empty() ? std::nullopt : std::optional<Order>(std::move(found.front()));
}

} // namespace detail
} // namespace livekeeper

#endif
