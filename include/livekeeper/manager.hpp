// The manager: every verb of livekeeper.h.
#ifndef LIVEKEEPER_MANAGER_HPP
#define LIVEKEEPER_MANAGER_HPP

#include <livekeeper/call.hpp>
#include <livekeeper/config.hpp>
#include <livekeeper/events.hpp>
#include <livekeeper/hooks.hpp>
#include <livekeeper/key.hpp>
#include <livekeeper/messages.hpp>
#include <livekeeper/orders.hpp>
#include <livekeeper/replies.hpp>
#include <livekeeper/reports.hpp>
#include <livekeeper/status.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace livekeeper {

// A store, a background runtime, and one supervised task for each account in the store. Any thread may use it, several at the same
// time; moving and destroying it is for one thread, when no other uses it.
class Manager {
public:
    // Opens a store, and makes its file if there is none; ":memory:" is kept nowhere.
    explicit Manager(std::string_view path, const Config &config = Config()) {
        config.lend_to([&](const lk_config &lent) {
            detail::check(lk_manager_open(detail::lend(path), &lent, detail::Into(manager_)));
        });
    }
    Manager(Manager &&) noexcept = default;
    Manager &operator=(Manager &&other) noexcept {
        if (this != &other) {
            end();
            manager_ = std::move(other.manager_);
        }
        return *this;
    }
    // Closes it, within 10 s; see close. An event callback is not called any more when this has returned.
    ~Manager() { end(); }

    // Stops every account and closes the store; every later call fails with LK_STATUS_CLOSED.
    StopReport close(Seconds timeout = Seconds(10)) const {
        detail::Owned<lk_stop_report> report;
        detail::check(lk_manager_close(get(), timeout.count(), detail::Into(report)));
        return detail::stop_report(report.get());
    }
    Call<StopReport> close_begin(Seconds timeout = Seconds(10)) const {
        return begin<StopReport>({}, [&](lk_call **call) { return lk_manager_close_begin(get(), timeout.count(), call); });
    }

    // The handle, for what is still to be called in C. It stays this one's.
    lk_manager *get() const noexcept { return manager_.get(); }

    // --- accounts

    // Adds an account, or replaces the cookie of one that exists, whose rules stay where none are given.
    void add_cookie(std::string_view cookie_id, std::string_view cookie_value, const std::vector<Keyword> &keywords = {},
                    std::optional<std::string_view> user_id = std::nullopt) const {
        const std::vector<lk_keyword> lent = detail::lend(keywords);
        detail::check(lk_manager_add_cookie(get(), detail::lend(cookie_id), detail::lend(cookie_value), lent.empty() ? nullptr : lent.data(),
                                            lent.size(), detail::lend_optional(user_id)));
    }
    void add_cookie_with(std::string_view cookie_id, std::string_view cookie_value, const AccountOptions &options) const {
        with_options(options, [&](const lk_account_options &lent) {
            detail::check(lk_manager_add_cookie_with(get(), detail::lend(cookie_id), detail::lend(cookie_value), &lent));
        });
    }
    Call<void> add_cookie_begin(std::string_view cookie_id, std::string_view cookie_value, const AccountOptions &options = {}) const {
        return begin<void>(cookie_id, [&](lk_call **call) {
            Code code{};
            with_options(options, [&](const lk_account_options &lent) {
                code = lk_manager_add_cookie_begin(get(), detail::lend(cookie_id), detail::lend(cookie_value), &lent, call);
            });
            return code;
        });
    }
    void add_cookie_with_rules(std::string_view cookie_id, std::string_view cookie_value, const std::vector<Rule> &rules,
                               std::optional<std::string_view> user_id = std::nullopt) const {
        const detail::LentRules lent(rules);
        detail::check(lk_manager_add_cookie_with_rules(get(), detail::lend(cookie_id), detail::lend(cookie_value), lent.data(), lent.size(),
                                                       detail::lend_optional(user_id)));
    }
    void remove_cookie(std::string_view cookie_id) const { detail::check(lk_manager_remove_cookie(get(), detail::lend(cookie_id))); }
    Call<void> remove_cookie_begin(std::string_view cookie_id) const {
        return begin<void>(cookie_id, [&](lk_call **call) { return lk_manager_remove_cookie_begin(get(), detail::lend(cookie_id), call); });
    }
    void update_cookie(std::string_view cookie_id, std::string_view cookie_value) const {
        detail::check(lk_manager_update_cookie(get(), detail::lend(cookie_id), detail::lend(cookie_value)));
    }
    Call<void> update_cookie_begin(std::string_view cookie_id, std::string_view cookie_value) const {
        return begin<void>(cookie_id, [&](lk_call **call) {
            return lk_manager_update_cookie_begin(get(), detail::lend(cookie_id), detail::lend(cookie_value), call);
        });
    }
    std::vector<std::string> list() const {
        detail::Owned<lk_string_list> list;
        detail::check(lk_manager_list(get(), detail::Into(list)));
        return detail::texts(list);
    }
    std::vector<std::string> get_enabled_cookies() const {
        detail::Owned<lk_string_list> list;
        detail::check(lk_manager_get_enabled_cookies(get(), detail::Into(list)));
        return detail::texts(list);
    }

    // --- how accounts are

    Status status(std::string_view cookie_id) const {
        lk_account_status seen = LK_ACCOUNT_STATUS_INIT;
        detail::Owned<lk_string> reason;
        detail::check(lk_manager_status(get(), detail::lend(cookie_id), &seen, detail::Into(reason)));
        return detail::status(seen, std::string(cookie_id), detail::text(reason));
    }
    std::vector<Status> statuses() const {
        detail::Owned<lk_status_list> list;
        detail::check(lk_manager_statuses(get(), detail::Into(list)));
        return detail::statuses(list.get());
    }
    HealthReport health(std::string_view cookie_id) const {
        HealthReport report;
        detail::Owned<lk_health_reason_list> reasons;
        detail::check(lk_manager_health(get(), detail::lend(cookie_id), &report.health, detail::Into(reasons)));
        report.reasons = detail::health_reasons(reasons.get());
        return report;
    }
    // Waits until an account is so; a state that is _UNKNOWN may be any. LK_STATUS_TIMED_OUT is thrown when it does not come to that.
    Status wait_for(std::string_view cookie_id, TaskState state, ConnectionState connection, Seconds timeout) const {
        lk_account_status seen = LK_ACCOUNT_STATUS_INIT;
        detail::Owned<lk_string> reason;
        detail::check(lk_manager_wait_for(get(), detail::lend(cookie_id), state, connection, timeout.count(), &seen, detail::Into(reason)));
        return detail::status(seen, std::string(cookie_id), detail::text(reason));
    }
    Status wait_for(std::string_view cookie_id, TaskState state, Seconds timeout) const {
        return wait_for(cookie_id, state, LK_CONNECTION_STATE_UNKNOWN, timeout);
    }
    Status wait_for(std::string_view cookie_id, ConnectionState connection, Seconds timeout) const {
        return wait_for(cookie_id, LK_TASK_STATE_UNKNOWN, connection, timeout);
    }
    Call<Status> wait_for_begin(std::string_view cookie_id, TaskState state, ConnectionState connection, Seconds timeout) const {
        return begin<Status>(cookie_id, [&](lk_call **call) {
            return lk_manager_wait_for_begin(get(), detail::lend(cookie_id), state, connection, timeout.count(), call);
        });
    }

    // --- switches and settings

    void update_cookie_status(std::string_view cookie_id, bool enabled) const {
        detail::check(lk_manager_update_cookie_status(get(), detail::lend(cookie_id), enabled));
    }
    Call<void> update_cookie_status_begin(std::string_view cookie_id, bool enabled) const {
        return begin<void>(cookie_id, [&](lk_call **call) {
            return lk_manager_update_cookie_status_begin(get(), detail::lend(cookie_id), enabled, call);
        });
    }
    bool get_cookie_status(std::string_view cookie_id) const {
        bool enabled = false;
        detail::check(lk_manager_get_cookie_status(get(), detail::lend(cookie_id), &enabled));
        return enabled;
    }
    void pause(std::string_view cookie_id) const { detail::check(lk_manager_pause(get(), detail::lend(cookie_id))); }
    void resume(std::string_view cookie_id) const { detail::check(lk_manager_resume(get(), detail::lend(cookie_id))); }
    void restart(std::string_view cookie_id) const { detail::check(lk_manager_restart(get(), detail::lend(cookie_id))); }
    Call<void> restart_begin(std::string_view cookie_id) const {
        return begin<void>(cookie_id, [&](lk_call **call) { return lk_manager_restart_begin(get(), detail::lend(cookie_id), call); });
    }
    void set_priority(std::string_view cookie_id, int32_t priority) const {
        detail::check(lk_manager_set_priority(get(), detail::lend(cookie_id), priority));
    }
    // No proxy: the account goes by itself.
    void set_proxy(std::string_view cookie_id, std::optional<std::string_view> proxy) const {
        detail::check(lk_manager_set_proxy(get(), detail::lend(cookie_id), detail::lend_optional(proxy)));
    }
    Call<void> set_proxy_begin(std::string_view cookie_id, std::optional<std::string_view> proxy) const {
        return begin<void>(cookie_id, [&](lk_call **call) {
            return lk_manager_set_proxy_begin(get(), detail::lend(cookie_id), detail::lend_optional(proxy), call);
        });
    }
    void set_remark(std::string_view cookie_id, std::string_view remark) const {
        detail::check(lk_manager_set_remark(get(), detail::lend(cookie_id), detail::lend(remark)));
    }
    std::string get_remark(std::string_view cookie_id) const {
        detail::Owned<lk_string> remark;
        detail::check(lk_manager_get_remark(get(), detail::lend(cookie_id), detail::Into(remark)));
        return detail::text(remark);
    }

    // --- rules and default replies

    void update_keywords(std::string_view cookie_id, const std::vector<Keyword> &keywords) const {
        const std::vector<lk_keyword> lent = detail::lend(keywords);
        detail::check(lk_manager_update_keywords(get(), detail::lend(cookie_id), lent.data(), lent.size()));
    }
    std::vector<Keyword> get_keywords(std::string_view cookie_id) const {
        detail::Owned<lk_keyword_list> list;
        detail::check(lk_manager_get_keywords(get(), detail::lend(cookie_id), detail::Into(list)));
        return detail::keywords(list.get());
    }
    void update_rules(std::string_view cookie_id, const std::vector<Rule> &rules) const {
        const detail::LentRules lent(rules);
        detail::check(lk_manager_update_rules(get(), detail::lend(cookie_id), lent.data(), lent.size()));
    }
    std::vector<Rule> get_rules(std::string_view cookie_id) const {
        detail::Owned<lk_rule_list> list;
        detail::check(lk_manager_get_rules(get(), detail::lend(cookie_id), detail::Into(list)));
        return detail::rules(list.get());
    }
    // The account's default reply, or that for an item; none takes it away.
    void set_default_reply(std::string_view cookie_id, const std::optional<DefaultReply> &reply,
                           std::optional<std::string_view> item_id = std::nullopt) const {
        const DefaultReply given = reply.value_or(DefaultReply());
        const lk_default_reply lent = detail::lend(given);
        detail::check(lk_manager_set_default_reply(get(), detail::lend(cookie_id), detail::lend_optional(item_id), reply ? &lent : nullptr));
    }
    std::optional<DefaultReply> get_default_reply(std::string_view cookie_id, std::optional<std::string_view> item_id = std::nullopt) const {
        detail::Owned<lk_stored_reply> stored;
        detail::check(lk_manager_get_default_reply(get(), detail::lend(cookie_id), detail::lend_optional(item_id), detail::Into(stored)));
        if (!stored)
            return std::nullopt;
        lk_default_reply seen = LK_DEFAULT_REPLY_INIT;
        detail::check(lk_stored_reply_view(stored.get(), &seen));
        return DefaultReply{detail::content(seen.text, seen.picture_url, seen.picture_width, seen.picture_height), seen.once_per_chat != 0};
    }

    // --- chats

    SendOutcome send_text(std::string_view cookie_id, std::string_view chat_id, std::string_view user_id, std::string_view text) const {
        lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
        detail::Owned<lk_string> told, more_info;
        detail::check(lk_manager_send_text(get(), detail::lend(cookie_id), detail::lend(chat_id), detail::lend(user_id), detail::lend(text),
                                           &outcome, detail::Into(told), detail::Into(more_info)));
        return {outcome.result, outcome.code, detail::text(told), detail::text(more_info)};
    }
    Call<SendOutcome> send_text_begin(std::string_view cookie_id, std::string_view chat_id, std::string_view user_id,
                                      std::string_view text) const {
        return begin<SendOutcome>(cookie_id, [&](lk_call **call) {
            return lk_manager_send_text_begin(get(), detail::lend(cookie_id), detail::lend(chat_id), detail::lend(user_id), detail::lend(text),
                                              call);
        });
    }
    SendOutcome send_image(std::string_view cookie_id, std::string_view chat_id, std::string_view user_id, const Picture &picture) const {
        lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
        detail::Owned<lk_string> told, more_info;
        detail::check(lk_manager_send_image(get(), detail::lend(cookie_id), detail::lend(chat_id), detail::lend(user_id),
                                            detail::lend(picture.url), picture.width, picture.height, &outcome,
                                            detail::Into(told), detail::Into(more_info)));
        return {outcome.result, outcome.code, detail::text(told), detail::text(more_info)};
    }
    Call<SendOutcome> send_image_begin(std::string_view cookie_id, std::string_view chat_id, std::string_view user_id,
                                       const Picture &picture) const {
        return begin<SendOutcome>(cookie_id, [&](lk_call **call) {
            return lk_manager_send_image_begin(get(), detail::lend(cookie_id), detail::lend(chat_id), detail::lend(user_id),
                                               detail::lend(picture.url), picture.width, picture.height, call);
        });
    }
    void pause_chat(std::string_view cookie_id, std::string_view chat_id, std::chrono::minutes duration) const {
        detail::check(lk_manager_pause_chat(get(), detail::lend(cookie_id), detail::lend(chat_id), minutes(duration)));
    }
    void resume_chat(std::string_view cookie_id, std::string_view chat_id) const {
        detail::check(lk_manager_resume_chat(get(), detail::lend(cookie_id), detail::lend(chat_id)));
    }
    // For how long a chat is a person's that has written there by hand; 0: it never is.
    void set_pause_duration(std::string_view cookie_id, std::chrono::minutes duration) const {
        detail::check(lk_manager_set_pause_duration(get(), detail::lend(cookie_id), minutes(duration)));
    }
    std::vector<PausedChat> paused_chats(std::string_view cookie_id) const {
        detail::Owned<lk_paused_chat_list> list;
        detail::check(lk_manager_paused_chats(get(), detail::lend(cookie_id), detail::Into(list)));
        return detail::paused_chats(list.get());
    }
    // The newest first; of all chats where none is named.
    std::vector<MessageTrace> messages(std::string_view cookie_id, std::optional<std::string_view> chat_id, uint32_t limit) const {
        detail::Owned<lk_message_list> list;
        detail::check(lk_manager_messages(get(), detail::lend(cookie_id), detail::lend_optional(chat_id), limit, detail::Into(list)));
        return detail::messages(list.get());
    }

    // --- orders

    std::vector<Order> orders(std::string_view cookie_id, uint32_t limit) const {
        detail::Owned<lk_order_list> list;
        detail::check(lk_manager_orders(get(), detail::lend(cookie_id), limit, detail::Into(list)));
        return detail::orders(list.get());
    }
    std::optional<Order> order(std::string_view cookie_id, std::string_view order_id) const {
        detail::Owned<lk_order_list> list;
        detail::check(lk_manager_order(get(), detail::lend(cookie_id), detail::lend(order_id), detail::Into(list)));
        return detail::only_order(list.get());
    }
    Confirmation confirm_shipment(std::string_view cookie_id, std::string_view order_id) const {
        lk_confirmation seen = LK_CONFIRMATION_INIT;
        detail::Owned<lk_string> told;
        detail::check(lk_manager_confirm_shipment(get(), detail::lend(cookie_id), detail::lend(order_id), &seen, detail::Into(told)));
        return {seen.state, detail::moment(seen.at_ms), detail::text(told)};
    }
    Call<Confirmation> confirm_shipment_begin(std::string_view cookie_id, std::string_view order_id) const {
        return begin<Confirmation>(cookie_id, [&](lk_call **call) {
            return lk_manager_confirm_shipment_begin(get(), detail::lend(cookie_id), detail::lend(order_id), call);
        });
    }
    void update_auto_confirm_setting(std::string_view cookie_id, bool on) const {
        detail::check(lk_manager_update_auto_confirm_setting(get(), detail::lend(cookie_id), on));
    }
    bool get_auto_confirm_setting(std::string_view cookie_id) const {
        bool on = false;
        detail::check(lk_manager_get_auto_confirm_setting(get(), detail::lend(cookie_id), &on));
        return on;
    }

    // --- functions of yours

    // What is asked for a new cookie when a login is over: function(const CookieRequest &) -> std::optional<std::string>, or, to answer
    // later, function(const CookieRequest &, CookieAnswer). Several threads call it at the same time. An exception parks the account with
    // its what(), which must hold no credential. nullptr takes it away.
    template <typename Function> void set_cookie_provider(Function &&function, Seconds timeout = Seconds(120)) const {
        using Kept = std::decay_t<Function>;
        static_assert(std::is_invocable_v<Kept &, const CookieRequest &> || std::is_invocable_v<Kept &, const CookieRequest &, CookieAnswer>,
                      "a cookie provider takes a const CookieRequest &, and a CookieAnswer if it answers later");
        detail::check(lk_manager_set_cookie_provider(get(), detail::Hook<Kept>::cookie, detail::on_heap(std::forward<Function>(function)),
                                                     detail::Hook<Kept>::free, timeout.count()));
    }
    void set_cookie_provider(std::nullptr_t) const {
        detail::check(lk_manager_set_cookie_provider(get(), nullptr, nullptr, nullptr, 0));
    }

    // What answers buyers where no rule has a word: function(const ChatMessage &) -> std::optional<ReplyContent>, where none leaves it to
    // the default reply; or, to answer later, function(const ChatMessage &, Reply). Several threads call it at the same time. An exception
    // is counted, its what() is logged, and the default reply is said. nullptr takes it away.
    template <typename Function> void set_reply_handler(Function &&function, Seconds timeout = Seconds(30)) const {
        using Kept = std::decay_t<Function>;
        static_assert(std::is_invocable_v<Kept &, const ChatMessage &> || std::is_invocable_v<Kept &, const ChatMessage &, Reply>,
                      "a reply handler takes a const ChatMessage &, and a Reply if it answers later");
        detail::check(lk_manager_set_reply_handler(get(), detail::Hook<Kept>::reply, detail::on_heap(std::forward<Function>(function)),
                                                   detail::Hook<Kept>::free, timeout.count()));
    }
    void set_reply_handler(std::nullptr_t) const {
        detail::check(lk_manager_set_reply_handler(get(), nullptr, nullptr, nullptr, 0));
    }

    // What is told of every event: function(const Event &), one after the other. When this returns, an earlier function is not called any
    // more, and what it held is destroyed. nullptr takes it away.
    template <typename Function> void set_event_callback(Function &&function) const {
        using Kept = std::decay_t<Function>;
        static_assert(std::is_invocable_v<Kept &, const Event &>, "an event callback takes a const Event &");
        detail::check(lk_manager_set_event_callback(get(), detail::Hook<Kept>::event, detail::on_heap(std::forward<Function>(function)),
                                                    detail::Hook<Kept>::free));
    }
    void set_event_callback(std::nullptr_t) const { detail::check(lk_manager_set_event_callback(get(), nullptr, nullptr, nullptr)); }

    // --- news

    // A reader of its own, from now on; as a range, it ends when nothing has come for this long.
    Events events(Milliseconds timeout = forever) const {
        detail::Owned<lk_events> events;
        detail::check(lk_manager_events(get(), detail::Into(events)));
        return Events(std::move(events), timeout);
    }
    // Of the reader that the manager has. None: nothing came in time, or the manager is closed and all was read.
    std::optional<Event> next_event(Milliseconds timeout = forever) const {
        return detail::next_event([&](lk_event *event) { return lk_manager_next_event(get(), detail::milliseconds(timeout), event); }, nullptr);
    }
    int event_fd() const {
        int descriptor = -1;
        detail::check(lk_manager_event_fd(get(), &descriptor));
        return descriptor;
    }

    // --- care

    Capacity capacity() const {
        detail::Owned<lk_capacity> capacity;
        detail::check(lk_manager_capacity(get(), detail::Into(capacity)));
        return detail::capacity(capacity.get());
    }
    std::string metrics_text(bool per_account = false) const {
        detail::Owned<lk_string> figures;
        detail::check(lk_manager_metrics_text(get(), per_account, detail::Into(figures)));
        return detail::text(figures);
    }
    // Changes the key that the credentials in the store are sealed with. Give the next Config the new key: nothing but the key file beside
    // the store is looked for by itself.
    void rekey(const KeySource &source) const {
        detail::check(lk_manager_rekey(get(), detail::data(source.key), detail::size(source.key), detail::lend_optional(source.key_file),
                                       detail::lend_optional(source.key_env), detail::lend_optional(source.passphrase)));
    }
    // Copies the store as it is at this moment to a new file, which is sealed with the store's own key.
    void snapshot(std::string_view path) const { detail::check(lk_manager_snapshot(get(), detail::lend(path))); }

    // --- accounts that are brought along

    // Takes accounts out of the SQLite file of today's most used Python program, which is only read. What is here already stays.
    ImportReport import_xianyu_db(std::string_view path) const {
        detail::Owned<lk_import_report> report;
        detail::check(lk_manager_import_xianyu_db(get(), detail::lend(path), detail::Into(report)));
        return detail::import_report(report.get());
    }
    // Takes accounts out of a document of export_accounts, with the passphrase that it was exported with.
    ImportReport import_accounts(std::string_view path, std::optional<std::string_view> passphrase = std::nullopt) const {
        detail::Owned<lk_import_report> report;
        detail::check(lk_manager_import_accounts(get(), detail::lend(path), detail::lend_optional(passphrase), detail::Into(report)));
        return detail::import_report(report.get());
    }
    // Writes all accounts to a new file, as JSON, and says how many. Their secrets are sealed under the passphrase; without one they are
    // left out.
    std::size_t export_accounts(std::string_view path, std::optional<std::string_view> passphrase = std::nullopt) const {
        std::size_t count = 0;
        detail::check(lk_manager_export_accounts(get(), detail::lend(path), detail::lend_optional(passphrase), &count));
        return count;
    }

private:
    // Does nothing that could fail for the user to know: whoever wants to know calls close.
    void end() noexcept {
        if (!manager_)
            return;
        lk_manager_close(get(), 10, nullptr);
        lk_manager_set_event_callback(get(), nullptr, nullptr, nullptr);
        manager_.reset();
    }

    template <typename Result, typename Begin> static Call<Result> begin(std::string_view cookie_id, Begin begin) {
        detail::Owned<lk_call> call;
        detail::check(begin(detail::Into(call)));
        return Call<Result>(std::move(call), std::string(cookie_id));
    }

    template <typename Use> static void with_options(const AccountOptions &options, Use use) {
        // An empty list takes rules away, which C tells by its pointer.
        static const lk_keyword none{};
        const std::vector<lk_keyword> keywords = options.keywords ? detail::lend(*options.keywords) : std::vector<lk_keyword>();
        lk_account_options lent = LK_ACCOUNT_OPTIONS_INIT;
        if (options.keywords)
            lent.keywords = keywords.empty() ? &none : keywords.data();
        lent.keyword_count = keywords.size();
        lent.user_id = detail::lend_optional(options.user_id);
        lent.proxy = detail::lend_optional(options.proxy);
        use(lent);
    }

    static uint32_t minutes(std::chrono::minutes duration) noexcept { return static_cast<uint32_t>(duration.count()); }

    detail::Owned<lk_manager> manager_;
};

// What a logged-in page has that is not in a pasted cookie; throws where it cannot be used at all.
inline std::vector<std::string> validate_cookie(std::string_view cookie_value) {
    detail::Owned<lk_string_list> missing;
    detail::check(lk_validate_cookie(detail::lend(cookie_value), detail::Into(missing)));
    return detail::texts(missing);
}

// Looks into a store, whether or not a manager runs on it, and tells as JSON what it holds, with so many messages and rules of each
// account at most, 0 to 10,000; nothing of a cookie, a token or a proxy is in it.
inline std::string inspect(std::string_view path, uint32_t limit) {
    detail::Owned<lk_string> json;
    detail::check(lk_inspect(detail::lend(path), limit, detail::Into(json)));
    return detail::text(json);
}

// Has the log of all managers told: function(LogLevel, std::string_view target, std::string_view message), one line after the other. When
// this returns, an earlier function is not called any more. nullptr takes it away.
template <typename Function> void set_log_hook(Function &&function, LogLevel level) {
    using Kept = std::decay_t<Function>;
    static_assert(std::is_invocable_v<Kept &, LogLevel, std::string_view, std::string_view>,
                  "a log hook takes a LogLevel, and the target and the message as std::string_view");
    detail::check(lk_set_log_hook(detail::Hook<Kept>::log, level, detail::on_heap(std::forward<Function>(function)), detail::Hook<Kept>::free));
}
inline void set_log_hook(std::nullptr_t) { detail::check(lk_set_log_hook(nullptr, 0, nullptr, nullptr)); }

} // namespace livekeeper

#endif
