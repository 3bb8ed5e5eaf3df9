// What happens, as values and as a range.
#ifndef LIVEKEEPER_EVENTS_HPP
#define LIVEKEEPER_EVENTS_HPP

#include <livekeeper/orders.hpp>
#include <livekeeper/reports.hpp>
#include <livekeeper/status.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace livekeeper {

// Something that happened. Each kind tells of the fields that name it in lk_event; the others are empty.
struct Event {
    EventKind kind{};
    // Empty for what concerns the whole manager.
    std::string cookie_id{};
    TimePoint at{};
    // LAGGED: how many events were dropped.
    uint64_t missed{};
    // STATE_CHANGED
    TaskState old_state{};
    TaskState new_state{};
    ConnectionState old_connection{};
    ConnectionState new_connection{};
    ReasonCode old_reason{};
    ReasonCode new_reason{};
    std::string reason_text{};
    std::string reason_detail{};
    std::optional<TimePoint> reason_since{};
    std::optional<TimePoint> next_try{};
    // HEALTH_CHANGED
    Health old_health{};
    Health new_health{};
    std::vector<HealthReason> health_reasons{};
    // STOPPED
    std::optional<AccountStop> stop{};
    // CAPACITY_CHANGED
    std::optional<CapacityItem> capacity{};
    // ORDER_CHANGED
    std::optional<Order> order{};
    // CONFIRMATION_ENDED
    std::string order_id{};
    ConfirmationState confirmation{};
    std::optional<std::string> confirmation_code{};
    std::optional<std::string> confirmation_text{};
};

namespace detail {

inline Event event(const lk_event &seen) {
    Event event;
    event.kind = seen.kind;
    event.cookie_id = text(seen.cookie_id);
    event.at = moment(seen.at_ms);
    event.missed = seen.missed;
    event.old_state = seen.old_state;
    event.new_state = seen.new_state;
    event.old_connection = seen.old_connection;
    event.new_connection = seen.new_connection;
    event.old_reason = seen.old_reason;
    event.new_reason = seen.new_reason;
    event.reason_text = text(seen.reason_text);
    event.reason_detail = text(seen.reason_detail);
    event.reason_since = optional_moment(seen.reason_since_ms);
    event.next_try = optional_moment(seen.next_try_ms);
    event.old_health = seen.old_health;
    event.new_health = seen.new_health;
    if (seen.health_reasons)
        event.health_reasons = health_reasons(seen.health_reasons);
    if (seen.stop_report)
        event.stop = account_stop(seen.stop_report, 0);
    if (seen.kind == LK_EVENT_KIND_CAPACITY_CHANGED)
        event.capacity = CapacityItem{seen.capacity_kind, seen.capacity_level, seen.capacity_used,
                                      seen.capacity_has_bound ? std::optional<uint64_t>(seen.capacity_bound) : std::nullopt};
    if (seen.order)
        event.order = only_order(seen.order);
    event.order_id = text(seen.order_id);
    event.confirmation = seen.confirmation;
    event.confirmation_code = optional_text(seen.confirmation_code);
    event.confirmation_text = optional_text(seen.confirmation_text);
    return event;
}

// What a call puts into an lk_event is ended, also where its conversion throws.
struct FilledEvent {
    lk_event event = LK_EVENT_INIT;
    FilledEvent() = default;
    FilledEvent(const FilledEvent &) = delete;
    FilledEvent &operator=(const FilledEvent &) = delete;
    ~FilledEvent() { lk_event_free(&event); }
};

// The next event, by a call that fills one; none where nothing came in time, or nothing comes any more.
template <typename Fill> std::optional<Event> next_event(Fill fill, bool *is_over) {
    FilledEvent filled;
    const Code code = fill(&filled.event);
    if (is_over)
        *is_over = code == LK_STATUS_CLOSED;
    if (code == LK_STATUS_TIMED_OUT || code == LK_STATUS_CLOSED)
        return std::nullopt;
    check(code);
    return event(filled.event);
}

} // namespace detail

// A reader of what happens in a manager, from the moment when it was made; several do not disturb each other. As a range it gives
// event after event, and ends when the manager is closed and all was read, or when nothing came within its timeout:
//
//     for (const Event &event : manager.events())
//         std::cout << event.cookie_id << ": " << event.reason_text << "\n";
class Events {
public:
    // Goes through events once.
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Event;
        using difference_type = std::ptrdiff_t;
        using pointer = const Event *;
        using reference = const Event &;

        iterator() = default;
        reference operator*() const noexcept { return *event_; }
        pointer operator->() const noexcept { return &*event_; }
        iterator &operator++() {
            event_ = events_->next(events_->timeout_);
            return *this;
        }
        iterator operator++(int) {
            iterator before = *this;
            ++*this;
            return before;
        }
        // Iterators differ by whether there is one more event.
        friend bool operator==(const iterator &one, const iterator &other) noexcept {
            return one.event_.has_value() == other.event_.has_value();
        }
        friend bool operator!=(const iterator &one, const iterator &other) noexcept { return !(one == other); }

    private:
        friend class Events;
        explicit iterator(Events *events) : events_(events) { ++*this; }
        Events *events_ = nullptr;
        std::optional<Event> event_;
    };

    // Waits for the next event; none: nothing came in time, or is_over().
    std::optional<Event> next(Milliseconds timeout = forever) {
        return detail::next_event([&](lk_event *event) { return lk_events_next(events_.get(), detail::milliseconds(timeout), event); }, &is_over_);
    }

    // Whether the manager is closed and all was read: nothing comes any more.
    bool is_over() const noexcept { return is_over_; }

    // A descriptor for your loop that is readable while next(0ms) has something to tell, or it is over. Never read or close it.
    int fd() const {
        int descriptor = -1;
        detail::check(lk_events_fd(events_.get(), &descriptor));
        return descriptor;
    }

    iterator begin() { return iterator(this); }
    iterator end() const noexcept { return iterator(); }

private:
    friend class Manager;
    Events(detail::Owned<lk_events> events, Milliseconds timeout) noexcept : events_(std::move(events)), timeout_(timeout) {}

    detail::Owned<lk_events> events_;
    Milliseconds timeout_;
    bool is_over_ = false;
};

} // namespace livekeeper

#endif
