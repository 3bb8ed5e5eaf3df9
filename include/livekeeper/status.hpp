// How accounts are.
#ifndef LIVEKEEPER_STATUS_HPP
#define LIVEKEEPER_STATUS_HPP

#include <livekeeper/detail.hpp>
#include <livekeeper/names.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace livekeeper {

// One account at one moment. What is counted is counted since the manager was opened; the fields are those of lk_account_status.
struct Status {
    std::string cookie_id{};
    TaskState state{};
    ConnectionState connection{};
    ReasonCode reason{};
    // Why, as a sentence for people.
    std::string reason_text{};
    bool enabled{};
    bool paused{};
    int32_t priority{};
    Health health{};
    TimePoint since{};
    TimePoint reason_since{};
    // When the next try is due, if one is.
    std::optional<TimePoint> next_try{};
    uint64_t received{};
    uint64_t duplicates{};
    uint64_t backfilled{};
    uint64_t replied{};
    uint64_t delivered{};
    uint64_t rejected{};
    uint64_t unknown{};
    uint64_t handler_failures{};
    uint64_t broken{};
    uint64_t connects{};
    uint64_t failures{};
};

// One thing that is wrong with an account.
struct HealthReason {
    HealthCode code{};
    // A sentence for people, with its evidence.
    std::string text{};
    // The evidence alone.
    std::string detail{};
};

// How an account is, and what is wrong with it; nothing where it is well.
struct HealthReport {
    Health health{};
    std::vector<HealthReason> reasons{};
};

namespace detail {

inline Status status(const lk_account_status &seen, std::string cookie_id, std::string reason_text) {
    Status status;
    status.cookie_id = std::move(cookie_id);
    status.state = seen.state;
    status.connection = seen.connection;
    status.reason = seen.reason;
    status.reason_text = std::move(reason_text);
    status.enabled = seen.enabled;
    status.paused = seen.paused;
    status.priority = seen.priority;
    status.health = seen.health;
    status.since = moment(seen.since_ms);
    status.reason_since = moment(seen.reason_since_ms);
    status.next_try = optional_moment(seen.next_try_ms);
    status.received = seen.received;
    status.duplicates = seen.duplicates;
    status.backfilled = seen.backfilled;
    status.replied = seen.replied;
    status.delivered = seen.delivered;
    status.rejected = seen.rejected;
    status.unknown = seen.unknown;
    status.handler_failures = seen.handler_failures;
    status.broken = seen.broken;
    status.connects = seen.connects;
    status.failures = seen.failures;
    return status;
}

inline std::vector<Status> statuses(const lk_status_list *list) {
    return entries<Status>(lk_status_list_count(list), [&](std::size_t index) {
        lk_str cookie_id{}, reason{};
        lk_account_status seen = LK_ACCOUNT_STATUS_INIT;
        check(lk_status_list_get(list, index, &cookie_id, &seen, &reason));
        return status(seen, text(cookie_id), text(reason));
    });
}

inline std::vector<HealthReason> health_reasons(const lk_health_reason_list *list) {
    return entries<HealthReason>(lk_health_reason_list_count(list), [&](std::size_t index) {
        lk_health_reason reason = LK_HEALTH_REASON_INIT;
        check(lk_health_reason_list_get(list, index, &reason));
        return HealthReason{reason.code, text(reason.text), text(reason.detail)};
    });
}

} // namespace detail
} // namespace livekeeper

#endif
