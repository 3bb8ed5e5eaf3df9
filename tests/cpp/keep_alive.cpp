// Keeps one account alive from C++: as tests/c/keep_alive.c, with owners that free what they hold and failures as exceptions.
//
//     c++ -std=c++17 -o keep_alive keep_alive.cpp -llivekeeper
#include <livekeeper.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

struct Free {
    void operator()(lk_manager *manager) const { lk_manager_free(manager); }
    void operator()(lk_string *text) const { lk_string_free(text); }
    void operator()(lk_string_list *list) const { lk_string_list_free(list); }
    void operator()(lk_stop_report *report) const { lk_stop_report_free(report); }
};
template <typename T> using Owned = std::unique_ptr<T, Free>;

lk_str lend(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(lk_str text) { return {text.data, text.length}; }

void check(lk_status status) {
    if (status != LK_STATUS_OK)
        throw std::runtime_error(lk_last_error_message());
}

void expect(bool holds, const char *what) {
    if (!holds)
        throw std::logic_error(std::string("not so: ") + what);
}

Owned<lk_manager> open(lk_str path, const lk_config &config) {
    lk_manager *manager = nullptr;
    check(lk_manager_open(path, &config, &manager));
    return Owned<lk_manager>(manager);
}

lk_account_status show_status(const lk_manager *manager, lk_str cookie_id) {
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    lk_string *text = nullptr;
    check(lk_manager_status(manager, cookie_id, &status, &text));
    const Owned<lk_string> reason(text);
    std::cout << lk_task_state_name(status.state) << ", " << lk_connection_state_name(status.connection) << ": "
              << view(lk_string_view(reason.get())) << "; " << status.received << " received, " << status.replied << " replied\n";
    return status;
}

void write_to_buyer(const lk_manager *manager, lk_str cookie_id) {
    lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
    check(lk_manager_send_text(manager, cookie_id, lend("20997167734"), lend("9687236998962"), lend("已发货"), &outcome, nullptr, nullptr));
    expect(outcome.result == LK_SEND_RESULT_DELIVERED, "the message is delivered");
    check(lk_manager_send_image(manager, cookie_id, lend("20997167734"), lend("9687236998962"), lend("https://img.alicdn.com/parcel.jpg"),
                                800, 600, &outcome, nullptr, nullptr));
    expect(outcome.result == LK_SEND_RESULT_DELIVERED, "the picture is delivered");
}

void close(const lk_manager *manager) {
    lk_stop_report *stopped = nullptr;
    check(lk_manager_close(manager, 10, &stopped));
    const Owned<lk_stop_report> report(stopped);
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    check(lk_stop_report_summary(report.get(), &summary));
    for (std::size_t i = 0; i < summary.account_count; i++) {
        lk_account_stop account = LK_ACCOUNT_STOP_INIT;
        check(lk_stop_report_account(report.get(), i, &account));
        std::cout << view(account.cookie_id) << " stopped in " << account.took_s << " s " << view(account.left) << "\n";
    }
    expect(summary.is_clean, "nothing is left");
}

void run(lk_str path) {
    const lk_str cookie_id = lend("店铺 1");
    const char *cookie = std::getenv("LIVEKEEPER_COOKIE");
    expect(cookie != nullptr, "LIVEKEEPER_COOKIE holds a cookie");

    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(std::getenv("LIVEKEEPER_WEBSOCKET_URL")); // not set: no text, the default
    config.api_url = lk_str_of(std::getenv("LIVEKEEPER_API_URL"));
    config.debounce_s = 0; // answer each message at once

    const auto manager = open(path, config);
    const lk_keyword rules[] = {{lend("包邮"), lend("全场包邮")}, {lend("在吗"), lend("在的，请直接拍")}};
    check(lk_manager_add_cookie(manager.get(), cookie_id, lk_str_of(cookie), rules, 2, lk_str_of(nullptr)));
    check(lk_manager_wait_for(manager.get(), cookie_id, LK_TASK_STATE_RUNNING, LK_CONNECTION_STATE_CONNECTED, 30, nullptr, nullptr));
    show_status(manager.get(), cookie_id);

    // Replies go out from threads of the library's own; this one has nothing to do.
    std::cout << "Press Enter to end." << std::endl;
    std::string line;
    std::getline(std::cin, line);

    write_to_buyer(manager.get(), cookie_id);
    const lk_account_status status = show_status(manager.get(), cookie_id);
    if (const char *expected = std::getenv("LIVEKEEPER_EXPECT_REPLIES"))
        expect(status.replied == std::stoull(expected), "as many replies as expected");
    close(manager.get());
}

} // namespace

int main(int count, char **arguments) {
    try {
        run(count > 1 ? lk_str_of(arguments[1]) : lend(":memory:"));
        return 0;
    } catch (const std::exception &problem) {
        std::cerr << problem.what() << "\n";
        return 1;
    }
}
