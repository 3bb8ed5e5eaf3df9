// Conversions between C's types and C++'s. Nothing here is for users.
#ifndef LIVEKEEPER_DETAIL_HPP
#define LIVEKEEPER_DETAIL_HPP

#include <livekeeper/error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace livekeeper {

using Seconds = std::chrono::duration<double>;
using Milliseconds = std::chrono::milliseconds;
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;

// A wait that never runs out.
inline constexpr Milliseconds forever = Milliseconds::max();

namespace detail {

struct Free {
    void operator()(lk_call *call) const noexcept { lk_call_free(call); }
    void operator()(lk_capacity *capacity) const noexcept { lk_capacity_free(capacity); }
    void operator()(lk_cookie_answer *answer) const noexcept { lk_cookie_answer_free(answer); }
    void operator()(lk_events *events) const noexcept { lk_events_free(events); }
    void operator()(lk_health_reason_list *list) const noexcept { lk_health_reason_list_free(list); }
    void operator()(lk_import_report *report) const noexcept { lk_import_report_free(report); }
    void operator()(lk_keyword_list *list) const noexcept { lk_keyword_list_free(list); }
    void operator()(lk_manager *manager) const noexcept { lk_manager_free(manager); }
    void operator()(lk_message_list *list) const noexcept { lk_message_list_free(list); }
    void operator()(lk_order_list *list) const noexcept { lk_order_list_free(list); }
    void operator()(lk_paused_chat_list *list) const noexcept { lk_paused_chat_list_free(list); }
    void operator()(lk_reply *reply) const noexcept { lk_reply_free(reply); }
    void operator()(lk_rule_list *list) const noexcept { lk_rule_list_free(list); }
    void operator()(lk_status_list *list) const noexcept { lk_status_list_free(list); }
    void operator()(lk_stop_report *report) const noexcept { lk_stop_report_free(report); }
    void operator()(lk_stored_reply *stored) const noexcept { lk_stored_reply_free(stored); }
    void operator()(lk_string *text) const noexcept { lk_string_free(text); }
    void operator()(lk_string_list *list) const noexcept { lk_string_list_free(list); }
};

// A handle that ends with its owner.
template <typename Handle> using Owned = std::unique_ptr<Handle, Free>;

// Where a call puts a handle: `check(lk_…(…, Into(owned)))`.
template <typename Handle> class Into {
public:
    explicit Into(Owned<Handle> &owned) noexcept : owned_(owned) {}
    Into(const Into &) = delete;
    Into &operator=(const Into &) = delete;
    ~Into() { owned_.reset(handle_); }
    operator Handle **() noexcept { return &handle_; }

private:
    Owned<Handle> &owned_;
    Handle *handle_ = nullptr;
};

// A text that is given, also where it is empty: a view of nothing has no data, which to C means no text at all.
inline lk_str lend(std::string_view text) noexcept { return {text.data() ? text.data() : "", text.size()}; }

inline lk_str lend_optional(std::optional<std::string_view> text) noexcept { return text ? lend(*text) : lk_str{nullptr, 0}; }

// Empty means that none is given.
inline lk_str lend_unless_empty(std::string_view text) noexcept { return text.empty() ? lk_str{nullptr, 0} : lend(text); }

inline std::string text(lk_str lent) { return lent.data ? std::string(lent.data, lent.length) : std::string(); }

inline std::optional<std::string> optional_text(lk_str lent) {
    return lent.data ? std::optional<std::string>(text(lent)) : std::nullopt;
}

inline std::optional<std::string> optional_text(const Owned<lk_string> &owned) {
    return owned ? optional_text(lk_string_view(owned.get())) : std::nullopt;
}

inline std::string text(const Owned<lk_string> &owned) { return optional_text(owned).value_or(std::string()); }

inline TimePoint moment(int64_t ms) noexcept { return TimePoint(Milliseconds(ms)); }
inline std::optional<TimePoint> optional_moment(int64_t ms) noexcept {
    return ms == 0 ? std::nullopt : std::optional<TimePoint>(moment(ms));
}

// A timeout as C has it; what is longer than C can say is for ever.
inline uint32_t milliseconds(Milliseconds timeout) noexcept {
    if (timeout <= Milliseconds::zero())
        return 0;
    return timeout.count() >= static_cast<Milliseconds::rep>(LK_FOREVER) ? LK_FOREVER : static_cast<uint32_t>(timeout.count());
}

// A list's entries, one by one.
template <typename Value, typename Read> std::vector<Value> entries(std::size_t count, Read read) {
    std::vector<Value> values;
    values.reserve(count);
    for (std::size_t index = 0; index < count; index++)
        values.push_back(read(index));
    return values;
}

inline std::vector<std::string> texts(const Owned<lk_string_list> &list) {
    return entries<std::string>(lk_string_list_count(list.get()), [&](std::size_t index) { return text(lk_string_list_get(list.get(), index)); });
}

} // namespace detail
} // namespace livekeeper

#endif
