// Settings of a manager.
#ifndef LIVEKEEPER_CONFIG_HPP
#define LIVEKEEPER_CONFIG_HPP

#include <livekeeper/detail.hpp>
#include <livekeeper/key.hpp>

#include <optional>
#include <string>
#include <vector>

namespace livekeeper {

// Settings of a manager. Each begins with its default, what an operator wants against the real service; an empty text means the
// default. Ranges are checked when a manager is opened, with an error that names the field as C does.
struct Config {
    // The IM WebSocket: wss://…; plain ws:// is taken for loopback addresses only. Default: the service's.
    std::string websocket_url;
    // The base of the signed API, without the API's name: https://…; plain http:// for loopback addresses only. Default: the
    // service's.
    std::string api_url;
    // A PEM file with certificates of further authorities to trust, beside the public ones. Default: none.
    std::string ca_file;
    // The key that the credentials in the store are sealed with, at most one of this, key_file, key_env and passphrase; one that is
    // empty is refused, not passed over. Default: none; and with none of the four, the key file <store>.key beside the store, made when
    // it does not exist; for a store in memory, a key that goes with it.
    std::optional<Key> key;
    // Or a file that holds it: 32 bytes in Base64 or hex; made, with a new key and mode 0600, when it does not exist and the store is
    // new. It belongs to one store. Default: none.
    std::optional<std::string> key_file;
    // Or the name of an environment variable that holds it in Base64 or hex. Default: none.
    std::optional<std::string> key_env;
    // Or words that it is made of, 1 to 1,024 bytes, with Argon2id: opening takes some tenths of a second and 64 MiB. Default: none.
    std::optional<std::string> passphrase;
    // A chat must have been quiet for this long before its last message is answered; 0 answers every message at once. 0 … 60 s.
    // Default 1 s.
    Seconds debounce{};
    // Whether a rule, your reply function and {send_message} see all the messages that are answered together, a line each; else the
    // last of them. Default: no.
    bool join_messages{};
    // A message that is older than this when it is looked at is recorded and not answered. 1 … 86,400 s. Default 300 s.
    Seconds stale_after{};
    // How far back a session that begins looks for what was missed meanwhile: the chats that were active within it are read back,
    // and what of it is not recorded yet is, and is answered like anything else; 0 turns it off. 0 … 86,400 s. Default 3,600 s.
    Seconds backfill_window{};
    // Chats that are read back for one session, the most recently active first. 1 … 1,000. Default 50.
    std::size_t backfill_chats{};
    // Requests a second for it, of one account. 0.1 … 100. Default 2.
    double backfill_rate_per_s{};
    // Messages that an account sends a second, replies and your own together, and into all chats; after a pause, 10 at once. What
    // would be faster waits. 0.01 … 10,000. Default 5.
    double send_rate_per_s{};
    // The same into one chat; after a pause, 3 at once. A chat that waits holds up no other. 0.01 … 10,000. Default 1.
    double chat_send_rate_per_s{};
    // Between two heartbeats. 0.05 … 300 s. Default 15 s.
    Seconds heartbeat_interval{};
    // A heartbeat not answered for this long means that the connection is dead. 0.05 … 300 s. Default 30 s.
    Seconds heartbeat_timeout{};
    // Between two new tokens of a connection that lives: it asks for one in the background, then registers with it on a new
    // connection. 0.05 … 86,400 s. Default 3,600 s.
    Seconds token_refresh{};
    // And after one that could not be had; the connection goes on meanwhile. 0.05 … 86,400 s. Default 600 s.
    Seconds token_refresh_retry{};
    // For name look-up, TCP, TLS and the WebSocket handshake together. 0.05 … 300 s. Default 15 s.
    Seconds connect_timeout{};
    // For one API call, its answer read. 0.05 … 300 s. Default 20 s.
    Seconds api_timeout{};
    // For the answer to a registration or a send; a send without one by then is unknown. 0.05 … 300 s. Default 10 s.
    Seconds answer_timeout{};
    // For the service to take what is written; then the connection counts as dead. 0.05 … 300 s. Default 10 s.
    Seconds write_timeout{};
    // For the service's answer to the close frame of a session that ends by itself; a stop has stop_socket. 0.05 … 300 s. Default 1
    // s.
    Seconds close_timeout{};
    // For the store to take or finish a write of a session, and to close; a disk that hangs for longer ends the session. 0.05 … 300
    // s. Default 10 s.
    Seconds store_timeout{};
    // Connects started a second, over all accounts. 0.1 … 10,000. Default 5.
    double connect_rate_per_s{};
    // Accounts that connect at the same time. 1 … 1,000. Default 8.
    std::size_t max_connecting{};
    // The longest wait before the first new try; it doubles with each failure, and the wait is drawn between 0 and it. 0.01 … 3,600
    // s. Default 1 s.
    Seconds backoff_initial{};
    // What that wait never exceeds. backoff_initial … 3,600 s. Default 60 s.
    Seconds backoff_max{};
    // A connection that stood this long makes earlier failures forgotten. 0.05 … 3,600 s. Default 60 s.
    Seconds stable_after{};
    // This many failures by its own fault (not the network's) within park_window park an account. 1 … 1,000. Default 5.
    std::size_t park_after_failures{};
    // See park_after_failures. 1 … 86,400 s. Default 600 s.
    Seconds park_window{};
    // Stopping, stage 1: replies in flight and the closing handshake. 0.05 … 300 s. Default 5 s.
    Seconds stop_socket{};
    // Stopping, stage 2: for child processes to end, asked first and killed shortly before it is over. 0.05 … 300 s. Default 10 s.
    Seconds stop_process{};
    // Stopping, stage 3: for what still runs after that to end, before it is abandoned behind its fence. 0.05 … 300 s. Default 3 s.
    Seconds stop_thread{};
    // A command that is run for an account whose login is over: the program, found through PATH, and its arguments. It gets JSON on
    // stdin and writes JSON with a new cookie to stdout; the README shows one. Linux only. Default: empty, none.
    std::vector<std::string> cookie_helper;
    // For one run of it; then it is stopped, and the account parked. 0.05 … 3,600 s. Default 120 s.
    Seconds cookie_helper_timeout{};
    // Helpers that run at the same time; further accounts wait. 1 … 100. Default 4.
    std::size_t max_helpers{};
    // Calls of your reply function at the same time, over all accounts; further messages wait within its deadline. 1 … 64. Default
    // 16.
    std::size_t max_handler_calls{};
    // Between two looks at every account's health and at the capacity. 0.05 … 3,600 s. Default 30 s.
    Seconds health_interval{};
    // An account that has had no connection for this long is degraded. 0.05 … 86,400 s. Default 30 s.
    Seconds degraded_after{};
    // And down after this long. degraded_after … 86,400 s. Default 300 s.
    Seconds down_after{};
    // Events that are kept for a reader that has not read them yet; one that falls behind further loses the oldest and hears how
    // many. 16 … 1,000,000. Default 10,000.
    std::size_t event_queue{};
    // Messages, with what was decided and sent, are kept for this many days. 1 … 3,650. Default 30.
    std::size_t keep_messages_days{};
    // Accounts at most. 1 … 1,000,000. Default 20,000. At the bound, add_cookie is refused.
    std::size_t max_accounts{};
    // Threads of the background runtime. 1 … 64. Default 2.
    std::size_t worker_threads{};

    Config() {
        lk_config defaults = LK_CONFIG_INIT;
        detail::check(lk_config_init(&defaults, sizeof defaults));
        each_pair(*this, defaults, [](auto &mine, const auto &theirs) { take(mine, theirs); });
    }

    // Hands the settings to a function in C's form, which lends this one's texts.
    template <typename Use> void lend_to(Use use) const {
        std::vector<lk_str> helper;
        for (const std::string &word : cookie_helper)
            helper.push_back(detail::lend(word));
        lk_config config = LK_CONFIG_INIT;
        each_pair(*this, config, [](const auto &mine, auto &theirs) { give(mine, theirs); });
        config.cookie_helper = helper.empty() ? nullptr : helper.data();
        config.cookie_helper_count = helper.size();
        config.key = detail::data(key);
        config.key_length = detail::size(key);
        use(config);
    }

private:
    // Which field of C's is which of these. cookie_helper and key, which are a pointer and a count in C, are not among
    // them.
    template <typename Mine, typename Theirs, typename Visit> static void each_pair(Mine &mine, Theirs &theirs, Visit visit) {
        visit(mine.websocket_url, theirs.websocket_url);
        visit(mine.api_url, theirs.api_url);
        visit(mine.ca_file, theirs.ca_file);
        visit(mine.key_file, theirs.key_file);
        visit(mine.key_env, theirs.key_env);
        visit(mine.passphrase, theirs.passphrase);
        visit(mine.debounce, theirs.debounce_s);
        visit(mine.join_messages, theirs.join_messages);
        visit(mine.stale_after, theirs.stale_after_s);
        visit(mine.backfill_window, theirs.backfill_window_s);
        visit(mine.backfill_chats, theirs.backfill_chats);
        visit(mine.backfill_rate_per_s, theirs.backfill_rate_per_s);
        visit(mine.send_rate_per_s, theirs.send_rate_per_s);
        visit(mine.chat_send_rate_per_s, theirs.chat_send_rate_per_s);
        visit(mine.heartbeat_interval, theirs.heartbeat_interval_s);
        visit(mine.heartbeat_timeout, theirs.heartbeat_timeout_s);
        visit(mine.token_refresh, theirs.token_refresh_s);
        visit(mine.token_refresh_retry, theirs.token_refresh_retry_s);
        visit(mine.connect_timeout, theirs.connect_timeout_s);
        visit(mine.api_timeout, theirs.api_timeout_s);
        visit(mine.answer_timeout, theirs.answer_timeout_s);
        visit(mine.write_timeout, theirs.write_timeout_s);
        visit(mine.close_timeout, theirs.close_timeout_s);
        visit(mine.store_timeout, theirs.store_timeout_s);
        visit(mine.connect_rate_per_s, theirs.connect_rate_per_s);
        visit(mine.max_connecting, theirs.max_connecting);
        visit(mine.backoff_initial, theirs.backoff_initial_s);
        visit(mine.backoff_max, theirs.backoff_max_s);
        visit(mine.stable_after, theirs.stable_after_s);
        visit(mine.park_after_failures, theirs.park_after_failures);
        visit(mine.park_window, theirs.park_window_s);
        visit(mine.stop_socket, theirs.stop_socket_s);
        visit(mine.stop_process, theirs.stop_process_s);
        visit(mine.stop_thread, theirs.stop_thread_s);
        visit(mine.cookie_helper_timeout, theirs.cookie_helper_timeout_s);
        visit(mine.max_helpers, theirs.max_helpers);
        visit(mine.max_handler_calls, theirs.max_handler_calls);
        visit(mine.health_interval, theirs.health_interval_s);
        visit(mine.degraded_after, theirs.degraded_after_s);
        visit(mine.down_after, theirs.down_after_s);
        visit(mine.event_queue, theirs.event_queue);
        visit(mine.keep_messages_days, theirs.keep_messages_days);
        visit(mine.max_accounts, theirs.max_accounts);
        visit(mine.worker_threads, theirs.worker_threads);
    }

    static void take(std::string &mine, const lk_str &theirs) { mine = detail::text(theirs); }
    static void take(std::optional<std::string> &mine, const lk_str &theirs) { mine = detail::optional_text(theirs); }
    static void take(Seconds &mine, const double &theirs) { mine = Seconds(theirs); }
    template <typename Number> static void take(Number &mine, const Number &theirs) { mine = theirs; }

    static void give(const std::string &mine, lk_str &theirs) { theirs = detail::lend_unless_empty(mine); }
    static void give(const std::optional<std::string> &mine, lk_str &theirs) { theirs = detail::lend_optional(mine); }
    static void give(const Seconds &mine, double &theirs) { theirs = mine.count(); }
    template <typename Number> static void give(const Number &mine, Number &theirs) { theirs = mine; }
};

} // namespace livekeeper

#endif
