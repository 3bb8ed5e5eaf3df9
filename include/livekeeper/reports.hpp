// What stopping came to, and how near bounds are.
#ifndef LIVEKEEPER_REPORTS_HPP
#define LIVEKEEPER_REPORTS_HPP

#include <livekeeper/detail.hpp>
#include <livekeeper/names.hpp>

#include <optional>
#include <string>
#include <vector>

namespace livekeeper {

// What stopping one account came to.
struct AccountStop {
    std::string cookie_id{};
    // What is still there, each on a line of its own; empty: nothing. It can neither send nor write any more.
    std::string left{};
    Seconds took{};
    bool is_clean{};
    // Replies in flight finish, the connection is closed with a close frame.
    StageOutcome socket{};
    // Child processes are asked to end, then killed.
    StageOutcome process{};
    // What still runs is cut off.
    StageOutcome thread{};
};

// What closing a manager came to, for each account.
struct StopReport {
    std::vector<AccountStop> accounts{};
    Seconds took{};
    // Whether nothing is left of any account.
    bool is_clean{};
};

// What is used of one thing, and its bound, if it has one.
struct CapacityItem {
    CapacityKind kind{};
    CapacityLevel level{};
    uint64_t used{};
    std::optional<uint64_t> bound{};
};

// What is used of everything that has a bound, at one moment.
struct Capacity {
    TimePoint at{};
    std::vector<CapacityItem> items{};
};

namespace detail {

inline AccountStop account_stop(const lk_stop_report *report, std::size_t index) {
    lk_account_stop seen = LK_ACCOUNT_STOP_INIT;
    check(lk_stop_report_account(report, index, &seen));
    return {text(seen.cookie_id), text(seen.left), Seconds(seen.took_s), seen.is_clean, seen.socket, seen.process, seen.thread};
}

inline StopReport stop_report(const lk_stop_report *report) {
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    check(lk_stop_report_summary(report, &summary));
    return {entries<AccountStop>(summary.account_count, [&](std::size_t index) { return account_stop(report, index); }),
            Seconds(summary.took_s), summary.is_clean};
}

inline Capacity capacity(const lk_capacity *capacity) {
    return {moment(lk_capacity_at_ms(capacity)), entries<CapacityItem>(lk_capacity_count(capacity), [&](std::size_t index) {
                lk_capacity_item seen = LK_CAPACITY_ITEM_INIT;
                check(lk_capacity_get(capacity, index, &seen));
                return CapacityItem{seen.kind, seen.level, seen.used, seen.has_bound ? std::optional<uint64_t>(seen.bound) : std::nullopt};
            })};
}

} // namespace detail
} // namespace livekeeper

#endif
