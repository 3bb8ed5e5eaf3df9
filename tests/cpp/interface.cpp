// Every verb of livekeeper.hpp, offline: what it gives, what it throws, what it ends.
#include "expect.hpp"

#include <future>
#include <iterator>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;
namespace lk = livekeeper;

static_assert(!std::is_copy_constructible_v<lk::Manager> && std::is_nothrow_move_constructible_v<lk::Manager>);
static_assert(!std::is_copy_constructible_v<lk::Events> && !std::is_copy_constructible_v<lk::Call<void>>);
static_assert(!std::is_copy_constructible_v<lk::Reply> && std::is_nothrow_move_constructible_v<lk::Reply>);
static_assert(std::is_base_of_v<std::runtime_error, lk::Error>);
static_assert(std::is_same_v<std::iterator_traits<lk::Events::iterator>::value_type, lk::Event>);

static void settings_begin_with_their_defaults_and_are_checked() {
    lk::Config config;
    EXPECT(config.debounce == 1s && config.max_accounts == 20000 && config.backfill_window == 1h && !config.join_messages);
    EXPECT(config.worker_threads == 2 && config.send_rate_per_s == 5.0 && config.websocket_url.empty() && config.cookie_helper.empty());
    config.debounce = 61s;
    THROWS(lk::Manager(":memory:", config), LK_STATUS_INVALID_ARGUMENT);
    config.debounce = 250ms;
    config.cookie_helper = {"helper", "--quiet"};
    config.ca_file = "/nowhere";
    THROWS(lk::Manager(":memory:", config), LK_STATUS_INVALID_ARGUMENT);
    THROWS(lk::Manager("/nowhere/shop.db"), LK_STATUS_STORE_UNAVAILABLE);
    EXPECT(std::string(lk::version()) == std::string(lk_version()));
}

static void failures_are_exceptions_with_code_and_account() {
    const lk::Manager manager = open_in_memory();
    THROWS_FOR(manager.status("none"), LK_STATUS_ACCOUNT_NOT_FOUND, "none");
    THROWS(manager.status(std::string_view()), LK_STATUS_ACCOUNT_NOT_FOUND);
    THROWS(manager.add_cookie("\xff", COOKIE), LK_STATUS_NOT_UTF8);
    THROWS(manager.add_cookie("1", "x"), LK_STATUS_INVALID_ARGUMENT);
    THROWS(lk::validate_cookie("x"), LK_STATUS_INVALID_ARGUMENT);
    EXPECT(!lk::validate_cookie(COOKIE).empty());
    manager.close(0s);
    THROWS(manager.list(), LK_STATUS_CLOSED);
}

static void a_manager_moves_and_what_is_left_of_it_is_refused() {
    lk::Manager first = open_in_memory();
    lk::Manager second = std::move(first);
    second.add_cookie("1", COOKIE);
    EXPECT(first.get() == nullptr); // NOLINT
    THROWS(first.list(), LK_STATUS_NULL_POINTER);
    first = open_in_memory();
    first = std::move(second);
    EXPECT(first.list() == std::vector<std::string>{"1"});
}

static void accounts_are_added_switched_and_looked_at() {
    const lk::Manager manager = open_in_memory();
    manager.add_cookie("a", COOKIE, {{"包邮", "全场包邮"}}, "me");
    EXPECT(manager.get_keywords("a").at(0).reply == "全场包邮");
    manager.add_cookie_with("a", COOKIE, {{}, "me", "socks5://127.0.0.1:9"});
    EXPECT(manager.get_keywords("a").size() == 1);
    manager.add_cookie_with("a", COOKIE, {std::vector<lk::Keyword>(), {}, {}});
    EXPECT(manager.get_keywords("a").empty());
    THROWS(manager.add_cookie_with("a", COOKIE, {{}, {}, "ftp://x"}), LK_STATUS_INVALID_ARGUMENT);
    manager.add_cookie_with_rules("b", "unb=2; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x", {{{"在吗"}, "在的"}});
    manager.update_cookie("a", COOKIE);
    manager.update_cookie_status("b", false);
    EXPECT(!manager.get_cookie_status("b") && manager.get_enabled_cookies() == std::vector<std::string>{"a"});
    manager.set_proxy("a", "http://127.0.0.1:9");
    manager.set_proxy("a", std::nullopt);
    manager.set_priority("a", 7);
    manager.set_remark("a", "主店");
    EXPECT(manager.get_remark("a") == "主店" && manager.get_remark("b").empty());
    manager.pause("a");
    EXPECT(manager.status("a").paused);
    manager.resume("a");
    manager.restart("a");
    int seen = 0;
    for (const lk::Status &status : manager.statuses())
        seen += status.cookie_id == "a" ? status.priority : 1;
    EXPECT(seen == 8);
    const lk::Status stopped = manager.wait_for("b", LK_TASK_STATE_STOPPED, 30s);
    EXPECT(!stopped.enabled && !stopped.reason_text.empty() && stopped.cookie_id == "b" && stopped.since.time_since_epoch() > 1s);
    THROWS_FOR(manager.wait_for("a", LK_CONNECTION_STATE_CONNECTED, 0s), LK_STATUS_TIMED_OUT, "a");
    EXPECT(manager.health("b").health == LK_HEALTH_OK && manager.health("b").reasons.empty());
    manager.remove_cookie("b");
    EXPECT(manager.list().size() == 1);
}

static void rules_and_default_replies_come_back_as_they_were_given() {
    const lk::Manager manager = open_in_memory();
    manager.add_cookie("a", COOKIE);
    const lk::Picture picture{"https://img.alicdn.com/a.jpg", 800, 600};
    manager.update_rules("a", {{{"多少钱", "价格"}, {"见图", picture}, LK_MATCHING_EXACT, "920001"}, {{"^包.*$"}, "", LK_MATCHING_REGEX, ""}});
    const std::vector<lk::Rule> rules = manager.get_rules("a");
    EXPECT(rules.size() == 2 && rules[0].keywords[1] == "价格" && rules[0].matching == LK_MATCHING_EXACT && rules[0].item_id == "920001");
    EXPECT(rules[0].reply.text == "见图" && rules[0].reply.picture->width == 800 && !rules[1].reply.picture && rules[1].reply.text.empty());
    THROWS(manager.get_keywords("a"), LK_STATUS_INVALID_ARGUMENT);
    manager.update_keywords("a", {{"包邮", "是"}});
    EXPECT(manager.get_keywords("a").at(0).keyword == "包邮");
    manager.update_keywords("a", {});
    EXPECT(manager.get_rules("a").empty());

    EXPECT(!manager.get_default_reply("a"));
    manager.set_default_reply("a", lk::DefaultReply{"稍后回复", true});
    manager.set_default_reply("a", lk::DefaultReply{picture, false}, "920001");
    EXPECT(manager.get_default_reply("a")->reply.text == "稍后回复" && manager.get_default_reply("a")->once_per_chat);
    EXPECT(manager.get_default_reply("a", "920001")->reply.picture->height == 600);
    manager.set_default_reply("a", std::nullopt);
    EXPECT(!manager.get_default_reply("a") && manager.get_default_reply("a", "920001"));
}

static void chats_orders_and_figures_are_looked_at() {
    const lk::Manager manager = open_in_memory();
    manager.add_cookie("a", COOKIE);
    manager.pause_chat("a", "40001", 30min);
    const std::vector<lk::PausedChat> paused = manager.paused_chats("a");
    EXPECT(paused.size() == 1 && paused[0].chat_id == "40001" && paused[0].paused_until > std::chrono::system_clock::now() + 20min);
    manager.resume_chat("a", "40001");
    EXPECT(manager.paused_chats("a").empty());
    manager.set_pause_duration("a", 5min);
    EXPECT(manager.messages("a", std::nullopt, 10).empty() && manager.messages("a", "40001", 10).empty());
    THROWS_FOR(manager.send_text("a", "40001", "50001", "x"), LK_STATUS_NOT_CONNECTED, "a");
    THROWS_FOR(manager.send_image("a", "40001", "50001", {"https://img.alicdn.com/a.jpg", 1, 1}), LK_STATUS_NOT_CONNECTED, "a");
    EXPECT(manager.orders("a", 10).empty() && !manager.order("a", "1"));
    THROWS(manager.confirm_shipment("a", "1"), LK_STATUS_INVALID_ARGUMENT);
    manager.update_auto_confirm_setting("a", true);
    EXPECT(manager.get_auto_confirm_setting("a"));
    const lk::Capacity capacity = manager.capacity();
    EXPECT(capacity.items.at(0).kind == LK_CAPACITY_KIND_ACCOUNTS && capacity.items[0].used == 1 && capacity.items[0].bound == 20000u);
    EXPECT(std::string(lk::name(capacity.items[0].kind)) == "accounts" && std::string(lk::name(capacity.items[0].level)) == "ok");
    EXPECT(manager.metrics_text(true).find("# EOF") != std::string::npos);
}

static void every_number_has_a_name() {
    EXPECT(std::string(lk::name(LK_TASK_STATE_PARKED)) == "parked" && std::string(lk::name(LK_CONNECTION_STATE_CLOSED)) == "closed");
    EXPECT(std::string(lk::name(LK_HEALTH_DOWN)) == "down" && std::string(lk::name(LK_HEALTH_CODE_SILENT)) == "silent");
    EXPECT(std::string(lk::name(LK_DECISION_NO_RULE)) == "no_rule" && std::string(lk::name(LK_EVENT_KIND_STOPPED)) == "stopped");
    EXPECT(std::string(lk::name(LK_ORDER_STATUS_SHIPPED)) == "shipped" && std::string(lk::name(LK_CONFIRMATION_STATE_REFUSED)) == "refused");
    EXPECT(std::string(lk::name(LK_REASON_CODE_ONLINE)) == "online");
}

static void events_are_a_range_that_ends_in_silence_and_when_the_manager_is_closed() {
    lk::Manager manager = open_in_memory();
    EXPECT(!manager.next_event(0ms));
    lk::Events quiet = manager.events(10ms);
    for (const lk::Event &event : quiet)
        EXPECT(event.kind == LK_EVENT_KIND_UNKNOWN);
    EXPECT(!quiet.is_over() && quiet.fd() >= 0 && manager.event_fd() != quiet.fd());
    lk::Events all = manager.events();
    manager.add_cookie("a", COOKIE);
    const std::optional<lk::Event> first = all.next(30s);
    EXPECT(first && first->kind == LK_EVENT_KIND_STATE_CHANGED && first->cookie_id == "a" && first->at.time_since_epoch() > 1s);
    manager.remove_cookie("a");
    manager.close(10s);
    int seen = 0;
    for (const lk::Event &event : all) {
        seen++;
        EXPECT(event.cookie_id == "a" && (event.kind == LK_EVENT_KIND_STOPPED) == event.stop.has_value());
    }
    EXPECT(seen >= 1 && all.is_over() && !all.next(0ms));
    while (manager.next_event(0ms)) {
    }
}

static void calls_can_be_begun_waited_for_told_of_and_given_up() {
    const lk::Manager manager = open_in_memory();
    manager.add_cookie_begin("a", COOKIE, {{{{"包邮", "是"}}}, {}, {}}).get();
    EXPECT(manager.get_keywords("a").size() == 1);
    manager.update_cookie_begin("a", COOKIE).get();
    manager.set_proxy_begin("a", std::nullopt).get();
    manager.restart_begin("a").get();
    THROWS_FOR(manager.send_text_begin("a", "1", "2", "x").get(), LK_STATUS_NOT_CONNECTED, "a");
    THROWS_FOR(manager.send_image_begin("a", "1", "2", {"https://img.alicdn.com/a.jpg", 1, 1}).future().get(), LK_STATUS_NOT_CONNECTED, "a");
    THROWS(manager.confirm_shipment_begin("a", "1").get(), LK_STATUS_INVALID_ARGUMENT);
    manager.update_cookie_status_begin("a", false).future().get();
    EXPECT(manager.wait_for_begin("a", LK_TASK_STATE_STOPPED, LK_CONNECTION_STATE_UNKNOWN, 30s).future().get().cookie_id == "a");

    const lk::Call<lk::Status> never = manager.wait_for_begin("a", LK_TASK_STATE_RUNNING, LK_CONNECTION_STATE_UNKNOWN, 1h);
    EXPECT(!never.is_over() && !never.is_over(1ms));
    std::atomic<int> ended{0};
    std::promise<lk::Code> told;
    never.on_done([&told, ends = Ends(ended)](const lk::Done<lk::Status> &done) {
        told.set_value(done.code());
        throw std::runtime_error("is reported, and goes no further");
    });
    never.cancel();
    EXPECT(told.get_future().get() == LK_STATUS_CANCELLED && never.is_over());
    THROWS(never.get(), LK_STATUS_CANCELLED);
    manager.remove_cookie_begin("a").get();
    EXPECT(manager.close_begin(10s).get().is_clean);
    EXPECT(ended == 1);
}

static void functions_are_ended_once_when_they_are_replaced_taken_away_refused_or_left() {
    std::atomic<int> ended{0}, reported{0};
    lk::set_exception_handler([&](const char *, const char *) { ++reported; });
    {
        const lk::Manager manager = open_in_memory();
        std::promise<void> told;
        manager.set_event_callback([ends = Ends(ended), &told, first = true](const lk::Event &) mutable {
            if (std::exchange(first, false))
                told.set_value();
            throw 1;
        });
        manager.add_cookie("a", COOKIE);
        told.get_future().wait();
        manager.set_event_callback([ends = Ends(ended)](const lk::Event &) {});
        EXPECT(ended == 1 && reported >= 1);
        manager.set_event_callback(nullptr);
        EXPECT(ended == 2);
        manager.set_event_callback([ends = Ends(ended)](const lk::Event &) {});

        THROWS(manager.set_reply_handler([ends = Ends(ended)](const lk::ChatMessage &) { return "x"; }, 0s), LK_STATUS_INVALID_ARGUMENT);
        EXPECT(ended == 3);
        manager.set_reply_handler([ends = Ends(ended)](const lk::ChatMessage &, lk::Reply) {});
        manager.set_reply_handler(nullptr);
        EXPECT(ended == 4);
        manager.set_cookie_provider([ends = Ends(ended)](const lk::CookieRequest &) { return std::string(); });
        manager.set_cookie_provider(nullptr);
        EXPECT(ended == 5);
        manager.set_cookie_provider([ends = Ends(ended)](const lk::CookieRequest &, lk::CookieAnswer) {});
    }
    EXPECT(ended == 7);
    lk::set_exception_handler({});
}

static void the_log_is_told_until_it_is_taken_away_also_past_exceptions() {
    std::atomic<int> lines{0}, ended{0}, reported{0};
    lk::set_exception_handler([&](const char *function, const char *what) {
        reported += std::string(function) == "log hook" && std::string(what) == "no more paper" ? 1 : 0;
    });
    lk::set_log_hook([&lines, ends = Ends(ended)](lk::LogLevel level, std::string_view target, std::string_view message) {
        lines += level >= LK_LOG_LEVEL_ERROR && !target.empty() && !message.empty() ? 1 : 0;
        throw std::runtime_error("no more paper");
    }, LK_LOG_LEVEL_TRACE);
    open_in_memory().add_cookie("a", COOKIE);
    lk::set_log_hook(nullptr);
    EXPECT(lines > 1 && reported == lines && ended == 1);
    lk::set_exception_handler({});
}

static void a_manager_can_be_destroyed_in_a_function_that_it_calls() {
    auto manager = std::make_shared<std::optional<lk::Manager>>(open_in_memory());
    std::promise<void> gone;
    std::atomic<bool> first{true};
    (*manager)->set_event_callback([&, manager](const lk::Event &) {
        if (!first.exchange(false))
            return;
        manager->reset();
        gone.set_value();
    });
    (*manager)->add_cookie_begin("a", COOKIE);
    gone.get_future().wait();
}

int main() {
    settings_begin_with_their_defaults_and_are_checked();
    failures_are_exceptions_with_code_and_account();
    a_manager_moves_and_what_is_left_of_it_is_refused();
    accounts_are_added_switched_and_looked_at();
    rules_and_default_replies_come_back_as_they_were_given();
    chats_orders_and_figures_are_looked_at();
    every_number_has_a_name();
    events_are_a_range_that_ends_in_silence_and_when_the_manager_is_closed();
    calls_can_be_begun_waited_for_told_of_and_given_up();
    functions_are_ended_once_when_they_are_replaced_taken_away_refused_or_left();
    the_log_is_told_until_it_is_taken_away_also_past_exceptions();
    a_manager_can_be_destroyed_in_a_function_that_it_calls();
    return 0;
}
