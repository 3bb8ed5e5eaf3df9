// What stopping and importing came to, and how near bounds are.
#ifndef LIVEKEEPER_REPORTS_HPP
#define LIVEKEEPER_REPORTS_HPP

#include <livekeeper/detail.hpp>
#include <livekeeper/names.hpp>

#include <cstddef>
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

// What became of one account of a file that was imported.
struct ImportedAccount {
    std::string cookie_id{};
    ImportOutcome outcome{};
    // What was not taken, and why, each on a line of its own; empty: all was taken.
    std::string not_taken{};
    // What was taken otherwise than it stands in the file, and how, each on a line of its own; empty: nothing.
    std::string notes{};
    // Rules that were taken.
    std::size_t rule_count{};
    // Default replies that were taken.
    std::size_t default_reply_count{};
    // Whether its cookie was taken.
    bool has_cookie{};
    // Whether its settings were taken.
    bool has_settings{};
};

// What an import came to, for each account of the file, in the order of their ids.
struct ImportReport {
    std::vector<ImportedAccount> accounts{};
    // Accounts that are new here.
    std::size_t added_count{};
    // Those that were here, and of which something was taken.
    std::size_t updated_count{};
    // Those that were here, and were left as they are.
    std::size_t kept_count{};
    // Those of which nothing was taken.
    std::size_t refused_count{};
    // What belongs to no account of the file, each on a line of its own; empty: nothing.
    std::string notes{};
    // Whether everything in the file was taken.
    bool is_complete{};
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

inline ImportedAccount imported_account(const lk_import_report *report, std::size_t index) {
    lk_imported_account seen = LK_IMPORTED_ACCOUNT_INIT;
    check(lk_import_report_account(report, index, &seen));
    return {text(seen.cookie_id), seen.outcome,             text(seen.not_taken), text(seen.notes),
            seen.rule_count,      seen.default_reply_count, seen.has_cookie,      seen.has_settings};
}

inline ImportReport import_report(const lk_import_report *report) {
    lk_import_summary summary = LK_IMPORT_SUMMARY_INIT;
    check(lk_import_report_summary(report, &summary));
    return {entries<ImportedAccount>(summary.account_count, [&](std::size_t index) { return imported_account(report, index); }),
            summary.added_count,
            summary.updated_count,
            summary.kept_count,
            summary.refused_count,
            text(summary.notes),
            summary.is_complete};
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
