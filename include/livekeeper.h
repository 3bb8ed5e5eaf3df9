/*
 * livekeeper keeps Xianyu (闲鱼 / Goofish) seller accounts alive inside your program: one supervised session for each account
 * on background threads of its own, keyword replies to buyers, reconnects. You need no event loop for it.
 *
 *
 * THE WHOLE OF IT
 *
 *     #include <livekeeper.h>
 *     #include <stdio.h>
 *     int main(void) {
 *         lk_manager *manager = NULL;
 *         if (lk_manager_open(lk_str_of("shop.db"), NULL, &manager)) return puts(lk_last_error_message()), 1;
 *         lk_keyword rules[] = {{lk_str_of("包邮"), lk_str_of("全场包邮")}};
 *         lk_str cookie = lk_str_of("unb=...; cookie2=...; _m_h5_tk=...; ...");
 *         if (lk_manager_add_cookie(manager, lk_str_of("shop 1"), cookie, rules, 1, lk_str_of(NULL))) puts(lk_last_error_message());
 *         getchar(); // replies go out until you press Enter
 *         lk_manager_close(manager, 10, NULL);
 *         lk_manager_free(manager);
 *     }
 *
 *     cc -o shop shop.c -llivekeeper                          (shared)
 *     cc -o shop shop.c liblivekeeper.a -lpthread -ldl -lm    (static, Linux)
 *
 * It makes the file shop.db, which holds the accounts and their rules: the next start needs lk_manager_open only.
 *
 * It runs on Linux, where it is tested. macOS and the BSDs have what it needs, but for cookie helpers and some figures of
 * lk_manager_capacity; it has never been tried there. On Windows it does not build.
 *
 *
 * RESULTS
 *
 * A function that can fail returns an lk_status and gives its results by pointer; 0, LK_STATUS_OK, is success and nothing else.
 * After a failure, lk_last_error_message() says in a sentence what was wrong and what to do, lk_last_error_code() and
 * lk_last_error_cookie_id() say it to a program. They are the calling thread's own, as errno is, and a success leaves them as
 * they are. Beside the errors that a function lists, each can answer LK_STATUS_NULL_POINTER, LK_STATUS_INVALID_HANDLE,
 * LK_STATUS_NOT_UTF8, LK_STATUS_INTERNAL, LK_STATUS_PANICKED, and one that blocks LK_STATUS_WOULD_DEADLOCK. Where a result is
 * NULL on failure, it can be given to its _free function all the same.
 *
 *
 * THREADS
 *
 * Every function may be called from any thread, by several threads at the same time, on the same object too, a _free function
 * not excepted: a call that is under way keeps what it uses, and one that comes after the _free answers
 * LK_STATUS_INVALID_HANDLE. Only texts that you look up in an object (rule 3 below) are gone with it, so do not free it while
 * another thread reads them. Calls to one account are carried out in the order in which they were made; calls to different
 * accounts do not wait for each other. Each function says whether it blocks, and for how long; one that blocks does so in the
 * calling thread only. The library installs no signal handler and never calls exit.
 *
 *
 * STRINGS AND OWNERSHIP
 *
 * 1. What you pass in stays yours and is read during the call only. Texts are UTF-8, as lk_str: a pointer and a length in
 *    bytes. lk_str_of("...") makes one of a C string; in C++, {view.data(), view.size()}.
 * 2. What you get through a pointer to a pointer is yours: lk_manager, lk_call, lk_string, lk_string_list, lk_keyword_list,
 *    lk_rule_list, lk_status_list, lk_stop_report, lk_events, lk_health_reason_list, lk_capacity, lk_message_list,
 *    lk_paused_chat_list, lk_order_list, lk_stored_reply, lk_import_report. Each has one _free function, and of NULL it does nothing. They are
 *    handles, and point at nothing: never follow one, and never pass one to free(). One that was freed, is of another type or was
 *    made up is told from a good one: LK_STATUS_INVALID_HANDLE, and nothing is done.
 * 3. An lk_str that you look up in such a thing belongs to it. Its data is a C string too.
 * 4. Structs that begin with a size are yours and lie where you like. Begin with their _INIT macro: the size tells the library
 *    which version of the struct your program knows, so that either may be newer. Of these, an lk_event holds something after
 *    a call has filled it: lk_event_free ends that, and leaves the struct to you.
 *
 *
 * NEWS
 *
 * Three ways to hear what happens; take the one that fits your program. How things stand now, lk_manager_status,
 * lk_manager_statuses, lk_manager_health and lk_manager_capacity tell at any time.
 *
 * 1. A thread of yours that waits: lk_manager_next_event.
 * 2. A loop of yours that polls: lk_manager_event_fd gives a descriptor that is readable while lk_manager_next_event has
 *    something to tell. Level-triggered, for poll, select, epoll and kqueue.
 * 3. A function of yours that is called: lk_manager_set_event_callback.
 *
 * 1 and 2 share a reader that the manager has. Whoever wants several makes them: lk_manager_events, lk_events_next, lk_events_fd.
 *
 *
 * CALLS THAT TAKE LONG
 *
 * What waits for the service or for a session to end is there twice: lk_manager_remove_cookie waits, lk_manager_remove_cookie_begin
 * gives an lk_call and returns at once. lk_call_wait tells how it ended; lk_call_on_done has a function of yours told, exactly once,
 * cancelled or not; lk_call_cancel gives up the wait, not the work.
 *
 *
 * FUNCTIONS OF YOURS
 *
 * What it is for                  Set with                           Called on
 * a login that is over            lk_manager_set_cookie_provider     a thread for each call
 * a buyer's message               lk_manager_set_reply_handler       a thread for each call
 * what happens                    lk_manager_set_event_callback      one thread for the function
 * a call that is over             lk_call_on_done                    one thread for each manager
 * the library's log               lk_set_log_hook                    one thread for the process
 * the end of your data            free_user_data with each of these  any thread
 *
 * No lock is held there, so each of them may block and may call every function of this header; where waiting could never end, a call
 * answers LK_STATUS_WOULD_DEADLOCK at once. The last one, free_user_data, must not block: there every call that blocks may answer so.
 * None of them may throw an exception of C++ or longjmp out: that ends the process. A cookie provider and a reply handler may also return
 * at once and answer later, from any thread: lk_cookie_answer_keep, lk_reply_keep.
 *
 * free_user_data is called exactly once, whatever comes, after the last call of the function. Keep what the function uses until then.
 *
 *
 * SHUTTING DOWN
 *
 * 1. Have your own threads stop calling the manager; a call that still comes after step 2 gets LK_STATUS_CLOSED.
 * 2. lk_manager_close(manager, 10, &report): every session ends with a close frame, what was accepted is on disk.
 *    Whoever waits for news hears the rest, then LK_STATUS_CLOSED; calls that were begun end.
 * 3. Look at lk_stop_report_summary if you care, then lk_stop_report_free(report). It says, too, if a function of yours still runs.
 * 4. lk_manager_set_event_callback(manager, NULL, NULL, NULL), if you have set one: when it returns, it is called no more.
 * 5. lk_manager_free(manager).
 * 6. lk_set_log_hook(NULL, 0, NULL, NULL), if you have set one: the same for the log.
 * A process that dies without this loses nothing that a call had answered for; the service then sees the connection break.
 *
 *
 * FORK
 *
 * The background threads do not exist in a child process: there each call on what the parent has made answers LK_STATUS_FORKED at once,
 * and the _free functions only give memory back. A child opens a manager of its own, on another store, at once or later: from the
 * first lk_manager_open on, a fork waits until no store of the process is at work (pthread_atfork). That takes some milliseconds as a
 * rule, and 2 seconds at most, as where a disk hangs, another process keeps a store locked, or a large store is opened; then the fork
 * goes ahead all the same. So a lock that handlers of your own take there must not be held around calls of this header. Not supported
 * is a fork from a signal handler. A child that calls exec needs nothing of this, and vfork, posix_spawn, system and popen wait for
 * nothing.
 */

#ifndef LIVEKEEPER_H
#define LIVEKEEPER_H

/* Made by cbindgen of ffi/src and ffi/cbindgen.toml. To change it, change those, then run: make header */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A length of lk_str: data ends with a NUL, and the library counts. */
#define LK_NUL_TERMINATED SIZE_MAX

/* A config with every field at its default; lk_config_init does the same. */
#define LK_CONFIG_INIT { \
    sizeof(lk_config), \
    { NULL, 0 }, /* websocket_url */ \
    { NULL, 0 }, /* api_url */ \
    { NULL, 0 }, /* ca_file */ \
    NULL, /* key */ \
    0, /* key_length */ \
    { NULL, 0 }, /* key_file */ \
    { NULL, 0 }, /* key_env */ \
    { NULL, 0 }, /* passphrase */ \
    1.0, /* debounce_s */ \
    false, /* join_messages */ \
    300.0, /* stale_after_s */ \
    3600.0, /* backfill_window_s */ \
    50, /* backfill_chats */ \
    2.0, /* backfill_rate_per_s */ \
    5.0, /* send_rate_per_s */ \
    1.0, /* chat_send_rate_per_s */ \
    15.0, /* heartbeat_interval_s */ \
    30.0, /* heartbeat_timeout_s */ \
    3600.0, /* token_refresh_s */ \
    600.0, /* token_refresh_retry_s */ \
    15.0, /* connect_timeout_s */ \
    20.0, /* api_timeout_s */ \
    10.0, /* answer_timeout_s */ \
    10.0, /* write_timeout_s */ \
    1.0, /* close_timeout_s */ \
    10.0, /* store_timeout_s */ \
    5.0, /* connect_rate_per_s */ \
    8, /* max_connecting */ \
    1.0, /* backoff_initial_s */ \
    60.0, /* backoff_max_s */ \
    60.0, /* stable_after_s */ \
    5, /* park_after_failures */ \
    600.0, /* park_window_s */ \
    5.0, /* stop_socket_s */ \
    10.0, /* stop_process_s */ \
    3.0, /* stop_thread_s */ \
    NULL, /* cookie_helper */ \
    0, /* cookie_helper_count */ \
    120.0, /* cookie_helper_timeout_s */ \
    4, /* max_helpers */ \
    16, /* max_handler_calls */ \
    30.0, /* health_interval_s */ \
    30.0, /* degraded_after_s */ \
    300.0, /* down_after_s */ \
    10000, /* event_queue */ \
    30, /* keep_messages_days */ \
    20000, /* max_accounts */ \
    2 /* worker_threads */ \
}

/* Structs that a result goes to, empty. */
#define LK_ACCOUNT_STATUS_INIT { \
    sizeof(lk_account_status), LK_TASK_STATE_UNKNOWN, LK_CONNECTION_STATE_UNKNOWN, LK_REASON_CODE_UNKNOWN, false, false, \
    0, LK_HEALTH_UNKNOWN, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
}
#define LK_RULE_INIT { \
    sizeof(lk_rule), NULL, 0, LK_MATCHING_CONTAINS, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0 \
}
#define LK_DEFAULT_REPLY_INIT { sizeof(lk_default_reply), { NULL, 0 }, { NULL, 0 }, 0, 0, 0 }
#define LK_ACCOUNT_OPTIONS_INIT { sizeof(lk_account_options), NULL, 0, { NULL, 0 }, { NULL, 0 } }
#define LK_SEND_OUTCOME_INIT { sizeof(lk_send_outcome), LK_SEND_RESULT_UNKNOWN, 0 }
#define LK_PAUSED_CHAT_INIT { sizeof(lk_paused_chat), { NULL, 0 }, 0 }
#define LK_ORDER_INIT { \
    sizeof(lk_order), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, LK_ORDER_STATUS_UNKNOWN, 0, LK_CONFIRMATION_STATE_NONE, \
    { NULL, 0 }, { NULL, 0 }, 0, 0, 0 \
}
#define LK_ORDER_STEP_INIT { sizeof(lk_order_step), LK_ORDER_STATUS_UNKNOWN, 0, { NULL, 0 } }
#define LK_CONFIRMATION_INIT { sizeof(lk_confirmation), LK_CONFIRMATION_STATE_NONE, 0 }
#define LK_MESSAGE_TRACE_INIT { \
    sizeof(lk_message_trace), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, \
    LK_DECISION_UNKNOWN, 0, { NULL, 0 }, { NULL, 0 }, false, false, LK_SEND_RESULT_UNKNOWN, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, \
    { NULL, 0 }, false, false, LK_SEND_RESULT_UNKNOWN, { NULL, 0 }, 0, 0, { NULL, 0 }, { NULL, 0 }, 0, 0, 0 \
}
#define LK_IMPORT_SUMMARY_INIT { sizeof(lk_import_summary), 0, 0, 0, 0, 0, { NULL, 0 }, false }
#define LK_IMPORTED_ACCOUNT_INIT { \
    sizeof(lk_imported_account), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, LK_IMPORT_OUTCOME_UNKNOWN, false, false \
}
#define LK_STOP_SUMMARY_INIT { sizeof(lk_stop_summary), 0, 0, false }
#define LK_ACCOUNT_STOP_INIT { \
    sizeof(lk_account_stop), { NULL, 0 }, { NULL, 0 }, 0, false, \
    LK_STAGE_OUTCOME_NOT_NEEDED, LK_STAGE_OUTCOME_NOT_NEEDED, LK_STAGE_OUTCOME_NOT_NEEDED \
}
#define LK_HEALTH_REASON_INIT { sizeof(lk_health_reason), LK_HEALTH_CODE_UNKNOWN, { NULL, 0 }, { NULL, 0 } }
#define LK_EVENT_INIT { \
    sizeof(lk_event), NULL, LK_EVENT_KIND_UNKNOWN, { NULL, 0 }, 0, 0, \
    LK_TASK_STATE_UNKNOWN, LK_TASK_STATE_UNKNOWN, LK_CONNECTION_STATE_UNKNOWN, LK_CONNECTION_STATE_UNKNOWN, \
    LK_REASON_CODE_UNKNOWN, LK_REASON_CODE_UNKNOWN, { NULL, 0 }, { NULL, 0 }, 0, 0, \
    LK_HEALTH_UNKNOWN, LK_HEALTH_UNKNOWN, NULL, NULL, LK_CAPACITY_KIND_UNKNOWN, LK_CAPACITY_LEVEL_UNKNOWN, 0, 0, false, \
    NULL, { NULL, 0 }, LK_CONFIRMATION_STATE_NONE, { NULL, 0 }, { NULL, 0 } \
}
#define LK_CAPACITY_ITEM_INIT { sizeof(lk_capacity_item), LK_CAPACITY_KIND_UNKNOWN, LK_CAPACITY_LEVEL_UNKNOWN, 0, 0, false }



/**
 * Where a state is asked for: any will do.
 */
#define LK_ANY 0

/**
 * A `timeout_ms` that never runs out.
 */
#define LK_FOREVER UINT32_MAX

/**
 * What a call came to. 0 is success and nothing else; a number is never used again for something else.
 *
 * 1 to 99 are those of livekeeper itself, the same in every language; from 100 on come those of the C interface.
 * A newer library may answer with a number that is not in this list: treat it as a failure.
 */
enum lk_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It was done.
     */
    LK_STATUS_OK = 0,
    /**
     * A value was refused before anything was done or stored; the message names the field and what is allowed.
     */
    LK_STATUS_INVALID_ARGUMENT = 1,
    /**
     * No account has this `cookie_id`.
     */
    LK_STATUS_ACCOUNT_NOT_FOUND = 2,
    /**
     * The store's file cannot be opened.
     */
    LK_STATUS_STORE_UNAVAILABLE = 3,
    /**
     * The store was written by a newer livekeeper; it was not changed.
     */
    LK_STATUS_STORE_TOO_NEW = 4,
    /**
     * The store refused a read or a write; the call was not carried out.
     */
    LK_STATUS_STORE_FAILED = 5,
    /**
     * The manager is closed, or is closing.
     */
    LK_STATUS_CLOSED = 6,
    /**
     * A wait reached its limit; the message says how things stood.
     */
    LK_STATUS_TIMED_OUT = 7,
    /**
     * The account has no registered session; nothing was sent.
     */
    LK_STATUS_NOT_CONNECTED = 8,
    /**
     * The new cookie belongs to another Xianyu user; nothing was changed.
     */
    LK_STATUS_WRONG_OWNER = 9,
    /**
     * A bound was reached; the message names it.
     */
    LK_STATUS_AT_CAPACITY = 10,
    /**
     * The manager was opened before this process was forked off. Open one in the child, on another store.
     */
    LK_STATUS_FORKED = 11,
    /**
     * Waiting on this thread, one of livekeeper's own, would never end.
     */
    LK_STATUS_WOULD_DEADLOCK = 12,
    /**
     * The operating system refused a thread.
     */
    LK_STATUS_RUNTIME_UNAVAILABLE = 13,
    /**
     * A fault of livekeeper. Please report it, with the message.
     */
    LK_STATUS_INTERNAL = 14,
    /**
     * The account is switched off, and what was asked for needs it on.
     */
    LK_STATUS_ACCOUNT_DISABLED = 15,
    /**
     * The store is open already, in this process or another; the message names the process.
     */
    LK_STATUS_ALREADY_OPEN = 16,
    /**
     * The store is damaged; it was left as it is.
     */
    LK_STATUS_CORRUPT = 17,
    /**
     * The file is no `SQLite` database, or one of another program; it was left as it is.
     */
    LK_STATUS_NOT_A_DATABASE = 18,
    /**
     * The key or passphrase does not open what is sealed; nothing was touched.
     */
    LK_STATUS_WRONG_KEY = 19,
    /**
     * The disk is full; the call was not carried out. The store works again when there is room.
     */
    LK_STATUS_DISK_FULL = 20,
    /**
     * The disk failed to read or write; the call was not carried out. The store works again when the disk does.
     */
    LK_STATUS_DISK_FAILED = 21,
    /**
     * A pointer that must point at something was NULL; the message names the argument.
     */
    LK_STATUS_NULL_POINTER = 100,
    /**
     * A text was not UTF-8; the message names the argument and the place.
     */
    LK_STATUS_NOT_UTF8 = 101,
    /**
     * A struct's `size` is none that this library knows. Set it with the struct's `_INIT` macro.
     */
    LK_STATUS_WRONG_SIZE = 102,
    /**
     * A fault of livekeeper that was caught before it could unwind into your program. Please report it, with the message.
     */
    LK_STATUS_PANICKED = 103,
    /**
     * A handle stands for nothing: it was freed already, is one of another type, or did not come from this library. Nothing was
     * done; the message names the argument.
     */
    LK_STATUS_INVALID_HANDLE = 104,
    /**
     * A call that was begun is still under way.
     */
    LK_STATUS_NOT_OVER = 105,
    /**
     * A call that was begun was given up with `lk_call_cancel`; what it does goes on.
     */
    LK_STATUS_CANCELLED = 106,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_status lk_status;
#else
typedef uint32_t lk_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why an account is in its state. The numbers are permanent, and the same in every language.
 */
enum lk_reason_code
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a reason that this library has no number for.
     */
    LK_REASON_CODE_UNKNOWN = 0,
    /**
     * Starting.
     */
    LK_REASON_CODE_STARTING = 1,
    /**
     * Waiting for its turn to connect.
     */
    LK_REASON_CODE_WAITING_FOR_TURN = 2,
    /**
     * Signing in.
     */
    LK_REASON_CODE_SIGNING_IN = 3,
    /**
     * Opening the connection.
     */
    LK_REASON_CODE_OPENING = 4,
    /**
     * Connected and registered.
     */
    LK_REASON_CODE_ONLINE = 5,
    /**
     * The login is over, and the cookie helper is asked for a new cookie.
     */
    LK_REASON_CODE_RENEWING_COOKIE = 6,
    /**
     * The cookie helper brought a new cookie: signing in anew.
     */
    LK_REASON_CODE_COOKIE_RENEWED = 7,
    /**
     * It has a new token: registering with it on a new connection.
     */
    LK_REASON_CODE_TOKEN_RENEWED = 8,
    /**
     * Disabled by your program.
     */
    LK_REASON_CODE_DISABLED = 20,
    /**
     * Removed by your program.
     */
    LK_REASON_CODE_REMOVED = 21,
    /**
     * The manager was closed.
     */
    LK_REASON_CODE_MANAGER_CLOSED = 22,
    /**
     * Being replaced with a new cookie.
     */
    LK_REASON_CODE_REPLACED = 23,
    /**
     * Paused by your program: messages are recorded, none is answered until `lk_manager_resume`.
     */
    LK_REASON_CODE_PAUSED = 24,
    /**
     * Being restarted by your program.
     */
    LK_REASON_CODE_RESTARTED = 25,
    /**
     * The service could not be reached.
     */
    LK_REASON_CODE_CONNECT_FAILED = 40,
    /**
     * The service's certificate was refused.
     */
    LK_REASON_CODE_TLS_FAILED = 41,
    /**
     * The service refused the WebSocket.
     */
    LK_REASON_CODE_HANDSHAKE_REFUSED = 42,
    /**
     * The service refused the registration.
     */
    LK_REASON_CODE_REGISTRATION_REFUSED = 43,
    /**
     * The service closed the connection.
     */
    LK_REASON_CODE_CLOSED_BY_SERVICE = 44,
    /**
     * The connection was lost.
     */
    LK_REASON_CODE_CONNECTION_LOST = 45,
    /**
     * A heartbeat was not answered in time.
     */
    LK_REASON_CODE_HEARTBEAT_LOST = 46,
    /**
     * The service did not answer in time.
     */
    LK_REASON_CODE_SERVICE_STALLED = 47,
    /**
     * The service sent something that breaks the protocol.
     */
    LK_REASON_CODE_PROTOCOL_BROKEN = 48,
    /**
     * The service's API answered with an error.
     */
    LK_REASON_CODE_API_FAILED = 49,
    /**
     * This process has no file descriptor left: raise its limit (ulimit -n), or run fewer accounts; sessions that live go on.
     */
    LK_REASON_CODE_OUT_OF_FILES = 50,
    /**
     * The account's proxy does not serve it: see that it runs, or give another one with `lk_manager_set_proxy`.
     */
    LK_REASON_CODE_PROXY_FAILED = 51,
    /**
     * The login is over: give a new cookie with `lk_manager_update_cookie`.
     */
    LK_REASON_CODE_SESSION_EXPIRED = 60,
    /**
     * The platform wants a person to verify: do so in a browser, then give the new cookie with `lk_manager_update_cookie`.
     */
    LK_REASON_CODE_PERSON_MUST_VERIFY = 61,
    /**
     * The cookie cannot be used: give a good one with `lk_manager_update_cookie`.
     */
    LK_REASON_CODE_COOKIE_UNUSABLE = 62,
    /**
     * The session failed by a fault of its own.
     */
    LK_REASON_CODE_PANICKED = 80,
    /**
     * It failed too often in a short time: look at the failures, then restart it or give it a new cookie.
     */
    LK_REASON_CODE_TOO_MANY_FAILURES = 81,
    /**
     * Messages could not be stored, so they were not acknowledged to the service.
     */
    LK_REASON_CODE_STORE_FAILED = 82,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_reason_code lk_reason_code;
#else
typedef uint32_t lk_reason_code;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What an account's task is doing. The numbers are permanent.
 */
enum lk_task_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a state that this library has no number for.
     */
    LK_TASK_STATE_UNKNOWN = 0,
    /**
     * Known, not yet admitted.
     */
    LK_TASK_STATE_CREATED = 1,
    /**
     * Admitted: waiting for its turn to connect.
     */
    LK_TASK_STATE_REGISTERED = 2,
    /**
     * Its session lives, or it is between two tries.
     */
    LK_TASK_STATE_RUNNING = 3,
    /**
     * Alive and receiving; replies are held.
     */
    LK_TASK_STATE_PAUSED = 4,
    /**
     * Will not go on by itself: a person or your program is needed, the reason says why.
     */
    LK_TASK_STATE_PARKED = 5,
    /**
     * Being wound down.
     */
    LK_TASK_STATE_STOPPING = 6,
    /**
     * Nothing of it is left: no task, no socket, no child process.
     */
    LK_TASK_STATE_STOPPED = 7,
    /**
     * Ended by its own fault; the reason stands; a restart is due or refused.
     */
    LK_TASK_STATE_FAILED = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_task_state lk_task_state;
#else
typedef uint32_t lk_task_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What an account's connection to the service is doing. The numbers are permanent.
 */
enum lk_connection_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a state that this library has no number for.
     */
    LK_CONNECTION_STATE_UNKNOWN = 0,
    /**
     * No connection, and none was tried yet.
     */
    LK_CONNECTION_STATE_DISCONNECTED = 1,
    /**
     * The first try: signing in, connecting, registering.
     */
    LK_CONNECTION_STATE_CONNECTING = 2,
    /**
     * Registered with the service: messages come in, replies go out.
     */
    LK_CONNECTION_STATE_CONNECTED = 3,
    /**
     * It was lost or refused; tried again after a backoff.
     */
    LK_CONNECTION_STATE_RECONNECTING = 4,
    /**
     * It ended, and is not tried again by itself.
     */
    LK_CONNECTION_STATE_FAILED = 5,
    /**
     * Ended because your program wanted it so.
     */
    LK_CONNECTION_STATE_CLOSED = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_connection_state lk_connection_state;
#else
typedef uint32_t lk_connection_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How an account is, in one word. The numbers are permanent.
 */
enum lk_health
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a word that this library has no number for.
     */
    LK_HEALTH_UNKNOWN = 0,
    /**
     * As your program wants it.
     */
    LK_HEALTH_OK = 1,
    /**
     * It works, or is about to, but something is not as it should be.
     */
    LK_HEALTH_DEGRADED = 2,
    /**
     * It does not work.
     */
    LK_HEALTH_DOWN = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_health lk_health;
#else
typedef uint32_t lk_health;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is wrong with an account's health. The numbers are permanent.
 */
enum lk_health_code
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a code that this library has no number for.
     */
    LK_HEALTH_CODE_UNKNOWN = 0,
    /**
     * It is parked: a person or your program is needed.
     */
    LK_HEALTH_CODE_PARKED = 1,
    /**
     * Its session failed by a fault of its own.
     */
    LK_HEALTH_CODE_FAILED = 2,
    /**
     * It has had no connection for a while: `degraded_after_s`, `down_after_s`.
     */
    LK_HEALTH_CODE_NOT_CONNECTED = 3,
    /**
     * Connected, but not a single frame has come for a while.
     */
    LK_HEALTH_CODE_SILENT = 4,
    /**
     * Connected, but the last answered heartbeat is too old.
     */
    LK_HEALTH_CODE_HEARTBEAT_LATE = 5,
    /**
     * Several failures within `park_window_s`.
     */
    LK_HEALTH_CODE_MANY_FAILURES = 6,
    /**
     * Calls to it wait too long for their turn.
     */
    LK_HEALTH_CODE_SLOW_TASK = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_health_code lk_health_code;
#else
typedef uint32_t lk_health_code;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a send ended. The numbers are permanent.
 */
enum lk_send_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nobody knows: no answer came in time, or the connection ended first. It is never sent again by itself.
     */
    LK_SEND_RESULT_UNKNOWN = 0,
    /**
     * The service took the message.
     */
    LK_SEND_RESULT_DELIVERED = 1,
    /**
     * The service refused the message; the buyer has not got it.
     */
    LK_SEND_RESULT_REJECTED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_send_result lk_send_result;
#else
typedef uint32_t lk_send_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What was decided about a message. The numbers are permanent, and the same in every language.
 */
enum lk_decision
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing yet: it waits, for its chat to fall quiet say. Also: a decision that this library has no number for.
     */
    LK_DECISION_UNKNOWN = 0,
    /**
     * It is answered by a rule.
     */
    LK_DECISION_REPLY = 1,
    /**
     * A text or card of the platform's.
     */
    LK_DECISION_PLATFORM = 2,
    /**
     * The echo of what this library sent.
     */
    LK_DECISION_ECHO = 3,
    /**
     * The seller's own words, by hand: a person has taken the chat over.
     */
    LK_DECISION_BY_HAND = 4,
    /**
     * Said in a group, where a reply to one buyer has no place.
     */
    LK_DECISION_GROUP = 5,
    /**
     * Older than `stale_after_s` when it was looked at.
     */
    LK_DECISION_STALE = 6,
    /**
     * The account is paused.
     */
    LK_DECISION_ACCOUNT_PAUSED = 7,
    /**
     * A person has taken the chat over, or your program has paused it.
     */
    LK_DECISION_CHAT_PAUSED = 8,
    /**
     * The rule that matches says: nothing.
     */
    LK_DECISION_RULE_SAYS_NOTHING = 9,
    /**
     * No rule matches.
     */
    LK_DECISION_NO_RULE = 10,
    /**
     * A later message of the same chat was answered in its place.
     */
    LK_DECISION_FOLDED = 11,
    /**
     * Recorded by a version that stored no decisions.
     */
    LK_DECISION_NOT_RECORDED = 12,
    /**
     * It was written to another user, whose cookie was replaced before it was looked at.
     */
    LK_DECISION_OTHER_USER = 13,
    /**
     * The seller's own, from before the account was on record: nobody knows whether by hand or from here.
     */
    LK_DECISION_BEFORE_ACCOUNT = 14,
    /**
     * It is answered by your reply function.
     */
    LK_DECISION_HANDLER_REPLY = 15,
    /**
     * It is answered with the default reply.
     */
    LK_DECISION_DEFAULT_REPLY = 16,
    /**
     * Your reply function says: nothing.
     */
    LK_DECISION_HANDLER_SAYS_NOTHING = 17,
    /**
     * Your reply function failed or took too long, and there is no default reply.
     */
    LK_DECISION_HANDLER_FAILED = 18,
    /**
     * The default reply for its item says: nothing.
     */
    LK_DECISION_DEFAULT_SAYS_NOTHING = 19,
    /**
     * The default reply is said once in a chat, and was.
     */
    LK_DECISION_DEFAULT_SAID_BEFORE = 20,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_decision lk_decision;
#else
typedef uint32_t lk_decision;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where an order stands, in the order in which an order passes it. The numbers are permanent, and the same in every language.
 */
enum lk_order_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a status that this library has no number for.
     */
    LK_ORDER_STATUS_UNKNOWN = 0,
    /**
     * The buyer has ordered and not paid.
     */
    LK_ORDER_STATUS_AWAITING_PAYMENT = 1,
    /**
     * Paid; the seller must ship.
     */
    LK_ORDER_STATUS_AWAITING_SHIPMENT = 2,
    /**
     * Shipped; the buyer must confirm.
     */
    LK_ORDER_STATUS_SHIPPED = 3,
    /**
     * The buyer has confirmed.
     */
    LK_ORDER_STATUS_COMPLETED = 4,
    /**
     * Ended without a sale, or refunded.
     */
    LK_ORDER_STATUS_CLOSED = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_order_status lk_order_status;
#else
typedef uint32_t lk_order_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where the confirmation of an order's shipment stands. The numbers are permanent, and the same in every language.
 */
enum lk_confirmation_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nobody has asked for one. Also: a state that this library has no number for.
     */
    LK_CONFIRMATION_STATE_NONE = 0,
    /**
     * It is to be made as soon as the account is connected.
     */
    LK_CONFIRMATION_STATE_PENDING = 1,
    /**
     * The call to the service is under way.
     */
    LK_CONFIRMATION_STATE_CONFIRMING = 2,
    /**
     * The service has taken it.
     */
    LK_CONFIRMATION_STATE_CONFIRMED = 3,
    /**
     * The service has refused it. It is not asked again by itself.
     */
    LK_CONFIRMATION_STATE_REFUSED = 4,
    /**
     * Nobody knows: no answer came that tells. It is not asked again by itself.
     */
    LK_CONFIRMATION_STATE_UNKNOWN = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_confirmation_state lk_confirmation_state;
#else
typedef uint32_t lk_confirmation_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What became of an account of a file. The numbers are permanent, and the same in every language.
 */
enum lk_import_outcome
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * One that this library has no number for.
     */
    LK_IMPORT_OUTCOME_UNKNOWN = 0,
    /**
     * It is new here, and on record now.
     */
    LK_IMPORT_OUTCOME_ADDED = 1,
    /**
     * It was here; something of it was put in the place of what it had.
     */
    LK_IMPORT_OUTCOME_UPDATED = 2,
    /**
     * It was here, and was left as it is.
     */
    LK_IMPORT_OUTCOME_KEPT = 3,
    /**
     * Nothing of it was taken; `not_taken` says why.
     */
    LK_IMPORT_OUTCOME_REFUSED = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_import_outcome lk_import_outcome;
#else
typedef uint32_t lk_import_outcome;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How one stage of stopping an account ended. The numbers are permanent.
 */
enum lk_stage_outcome
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The stage was not needed.
     */
    LK_STAGE_OUTCOME_NOT_NEEDED = 0,
    /**
     * All that it is for was over within its limit.
     */
    LK_STAGE_OUTCOME_DONE = 1,
    /**
     * Its limit was reached; the next stage followed.
     */
    LK_STAGE_OUTCOME_TIMED_OUT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_stage_outcome lk_stage_outcome;
#else
typedef uint32_t lk_stage_outcome;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What an event tells. Events come on edges: a state that lasts is told once. The numbers are permanent.
 *
 * A newer library may tell of a kind that is not in this list: pass over it.
 */
enum lk_event_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a kind that this library has no number for.
     */
    LK_EVENT_KIND_UNKNOWN = 0,
    /**
     * The account's state, its connection, or the reason for them is another one. See the fields `old_…`, `new_…`, `reason…`
     * and `next_try_ms`.
     */
    LK_EVENT_KIND_STATE_CHANGED = 1,
    /**
     * The account's health is another one. See `old_health`, `new_health`, `health_reasons`.
     */
    LK_EVENT_KIND_HEALTH_CHANGED = 2,
    /**
     * What ran for the account was stopped: removed, disabled, replaced, restarted or closed. See `stop_report`.
     */
    LK_EVENT_KIND_STOPPED = 3,
    /**
     * A bound is near or reached, or no longer: told before calls are refused or accounts have to wait. See `capacity_…`.
     */
    LK_EVENT_KIND_CAPACITY_CHANGED = 4,
    /**
     * An order is new, or its status is another one; told at least once: if you deliver goods, do so once for its `order_id`.
     * See `order`.
     */
    LK_EVENT_KIND_ORDER_CHANGED = 5,
    /**
     * The confirmation of a shipment has ended. See `order_id`, `confirmation`, `confirmation_code`, `confirmation_text`.
     */
    LK_EVENT_KIND_CONFIRMATION_ENDED = 6,
    /**
     * You read so slowly that events were dropped before the next one. See `missed`. Look at the accounts anew.
     */
    LK_EVENT_KIND_LAGGED = 100,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_event_kind lk_event_kind;
#else
typedef uint32_t lk_event_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What has a bound. The numbers are permanent.
 */
enum lk_capacity_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a kind that this library has no number for.
     */
    LK_CAPACITY_KIND_UNKNOWN = 0,
    /**
     * Accounts on record; bound: `max_accounts`. At it, `lk_manager_add_cookie` is refused.
     */
    LK_CAPACITY_KIND_ACCOUNTS = 1,
    /**
     * Accounts that are connected; bound: `max_accounts`.
     */
    LK_CAPACITY_KIND_CONNECTIONS = 2,
    /**
     * Accounts that connect now; bound: `max_connecting`. At it, others wait.
     */
    LK_CAPACITY_KIND_CONNECTING = 3,
    /**
     * Accounts that wait for their turn to connect; bound: `max_accounts`.
     */
    LK_CAPACITY_KIND_WAITING_TO_CONNECT = 4,
    /**
     * File descriptors of this process; bound: its soft limit. At it, nothing connects any more.
     */
    LK_CAPACITY_KIND_FILE_DESCRIPTORS = 5,
    /**
     * Threads of this process; bound: what its user may have.
     */
    LK_CAPACITY_KIND_THREADS = 6,
    /**
     * Bytes of memory that this process has in use (RSS); bound: those of the machine, or of its control group.
     */
    LK_CAPACITY_KIND_MEMORY_BYTES = 7,
    /**
     * Calls that wait in the fullest queue of an account. At the bound, calls to it are refused.
     */
    LK_CAPACITY_KIND_CALL_QUEUE = 8,
    /**
     * Writes that wait for the store. At the bound, sessions stop reading.
     */
    LK_CAPACITY_KIND_STORE_QUEUE = 9,
    /**
     * Events that the slowest reader has not read; bound: `event_queue`. At it, that reader loses the oldest.
     */
    LK_CAPACITY_KIND_EVENT_QUEUE = 10,
    /**
     * Helpers that run; bound: `max_helpers`. At it, others wait.
     */
    LK_CAPACITY_KIND_HELPERS = 11,
    /**
     * How busy the library's threads were since the last look, in percent of all of them.
     */
    LK_CAPACITY_KIND_RUNTIME_BUSY_PERCENT = 12,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_capacity_kind lk_capacity_kind;
#else
typedef uint32_t lk_capacity_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How near a bound is. The numbers are permanent.
 */
enum lk_capacity_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None: a struct that is not filled yet, or a level that this library has no number for.
     */
    LK_CAPACITY_LEVEL_UNKNOWN = 0,
    /**
     * There is room.
     */
    LK_CAPACITY_LEVEL_OK = 1,
    /**
     * Four fifths of the bound, or more, are used.
     */
    LK_CAPACITY_LEVEL_NEAR = 2,
    /**
     * The bound is reached.
     */
    LK_CAPACITY_LEVEL_FULL = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_capacity_level lk_capacity_level;
#else
typedef uint32_t lk_capacity_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much a line of the log matters. The numbers are permanent.
 */
enum lk_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Something is lost or broken: a person should look.
     */
    LK_LOG_LEVEL_ERROR = 1,
    /**
     * Something is not as it should be, and the library goes on.
     */
    LK_LOG_LEVEL_WARN = 2,
    /**
     * What a person may want to read afterwards.
     */
    LK_LOG_LEVEL_INFO = 3,
    /**
     * What helps to find a fault.
     */
    LK_LOG_LEVEL_DEBUG = 4,
    /**
     * Every step.
     */
    LK_LOG_LEVEL_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_log_level lk_log_level;
#else
typedef uint32_t lk_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How the keywords of a rule are looked for. Upper and lower case, full-width and half-width forms are alike in all of them. The
 * numbers are permanent.
 */
enum lk_matching
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Anywhere in the message.
     */
    LK_MATCHING_CONTAINS = 0,
    /**
     * As the whole message, spaces around either aside.
     */
    LK_MATCHING_EXACT = 1,
    /**
     * As a regular expression in the syntax of Rust's crate `regex` (no look-around, no backreferences), anywhere in the first 4,000
     * bytes of the message. One that matches the empty text is refused, and so is one that needs more than 256 KiB made ready.
     */
    LK_MATCHING_REGEX = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum lk_matching lk_matching;
#else
typedef uint32_t lk_matching;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A call that was begun with one of the `lk_manager_…_begin` functions, and goes on by itself. Yours: end it with `lk_call_free`.
 */
typedef struct lk_call lk_call;

/**
 * What is used of everything that has a bound, at one moment. Yours: end it with `lk_capacity_free`.
 */
typedef struct lk_capacity lk_capacity;

/**
 * Where a cookie provider puts its answer. It is valid until the provider returns, and then not yours to end; or, after
 * `lk_cookie_answer_keep`, until you end it with `lk_cookie_answer_free`: then it may be filled later, on any thread.
 */
typedef struct lk_cookie_answer lk_cookie_answer;

/**
 * What an event's texts, lists and report belong to.
 */
typedef struct lk_event_content lk_event_content;

/**
 * A reader of what happens in a manager, over all its accounts. Yours: end it with `lk_events_free`. Several readers do not
 * disturb each other, each hears everything, and none holds up an account.
 */
typedef struct lk_events lk_events;

/**
 * What is wrong with an account, the things one by one; empty where it is well. Yours, and to be ended with
 * `lk_health_reason_list_free`, if it came through a pointer to a pointer; that of an event belongs to the event.
 */
typedef struct lk_health_reason_list lk_health_reason_list;

/**
 * What an import came to, account by account. Yours: end it with `lk_import_report_free`.
 */
typedef struct lk_import_report lk_import_report;

/**
 * A list of keyword rules that is yours. End it with `lk_keyword_list_free`.
 */
typedef struct lk_keyword_list lk_keyword_list;

/**
 * A store, a background runtime, and one supervised task for each account in the store. Any thread may use it, several at the
 * same time.
 */
typedef struct lk_manager lk_manager;

/**
 * A list of messages that is yours. End it with `lk_message_list_free`.
 */
typedef struct lk_message_list lk_message_list;

/**
 * A list of orders. End it with `lk_order_list_free`, if it came through a pointer to a pointer; that of an event belongs to
 * the event.
 */
typedef struct lk_order_list lk_order_list;

/**
 * A list of paused chats that is yours. End it with `lk_paused_chat_list_free`.
 */
typedef struct lk_paused_chat_list lk_paused_chat_list;

/**
 * Where a reply handler puts its answer. It is valid until the handler returns, and then not yours to end; or, after
 * `lk_reply_keep`, until you end it with `lk_reply_free`: then it may be filled later, on any thread.
 */
typedef struct lk_reply lk_reply;

/**
 * A list of rules that is yours. End it with `lk_rule_list_free`.
 */
typedef struct lk_rule_list lk_rule_list;

/**
 * How all accounts were at one moment. Yours: end it with `lk_status_list_free`.
 */
typedef struct lk_status_list lk_status_list;

/**
 * What closing a manager came to, for each account. Yours: end it with `lk_stop_report_free`. That of an event has the one
 * account that was stopped, and belongs to the event.
 */
typedef struct lk_stop_report lk_stop_report;

/**
 * A default reply that was asked for, which is yours. End it with `lk_stored_reply_free`.
 */
typedef struct lk_stored_reply lk_stored_reply;

/**
 * A text that is yours. End it with `lk_string_free`.
 */
typedef struct lk_string lk_string;

/**
 * A list of texts that is yours. End it with `lk_string_list_free`.
 */
typedef struct lk_string_list lk_string_list;

/**
 * A text that is lent: UTF-8, `length` bytes from `data` on.
 *
 * Into the library: `length` may be `LK_NUL_TERMINATED`, and `lk_str_of` makes one of a C string; `data` NULL means that no
 * text is given. The library copies what it keeps, so the bytes may go when the call returns.
 *
 * Out of the library: it belongs to what it was asked of, and is valid as long as that is; `length` does not count the NUL
 * that is always there after the last byte, so `data` is a C string.
 */
typedef struct {
    /**
     * The first byte; NULL: no text.
     */
    const char *data;
    /**
     * Bytes, without a NUL at the end; or `LK_NUL_TERMINATED`.
     */
    size_t length;
} lk_str;

/**
 * A keyword rule: the first rule whose keyword a buyer's message contains is answered with its reply. `lk_rule` is the form for
 * several keywords, other ways of matching, an item, a picture.
 */
typedef struct {
    /**
     * Looked for anywhere in the message; upper and lower case, full-width and half-width forms are alike. Not blank.
     */
    lk_str keyword;
    /**
     * The text to send; what may be in it says `lk_rule`. Empty: a message that matches gets no reply.
     */
    lk_str reply;
} lk_keyword;

/**
 * Settings of a manager. Begin with `LK_CONFIG_INIT` or `lk_config_init`, which give every field its default, what an operator
 * wants against the real service; then change what you need. Ranges are checked when a manager is opened.
 *
 * Of a text, `data` NULL means the default. Texts and rows must stay valid until `lk_manager_open` has returned.
 */
typedef struct {
    /**
     * `sizeof(lk_config)`, set by the init macro and function.
     */
    size_t size;
    /**
     * The IM WebSocket: `wss://…`; plain `ws://` is taken for loopback addresses only. Default: the service's.
     */
    lk_str websocket_url;
    /**
     * The base of the signed API, without the API's name: `https://…`; plain `http://` for loopback addresses only. Default: the service's.
     */
    lk_str api_url;
    /**
     * A PEM file with certificates of further authorities to trust, beside the public ones. Default: none.
     */
    lk_str ca_file;
    /**
     * The key that the credentials in the store are sealed with, at most one of this, `key_file`, `key_env` and `passphrase`: exactly
     * 32 bytes. Default: NULL and 0, none; and with none of the four, the key file `<store>.key` beside the store, made when it does
     * not exist; for a store in memory, a key that goes with it.
     */
    const uint8_t *key;
    /**
     * How many bytes `key` has: 32.
     */
    size_t key_length;
    /**
     * Or a file that holds it: 32 bytes in Base64 or hex; made, with a new key and mode 0600, when it does not exist and the store
     * is new. It belongs to one store. Default: none.
     */
    lk_str key_file;
    /**
     * Or the name of an environment variable (letters, digits and _) that holds it in Base64 or hex. Default: none.
     */
    lk_str key_env;
    /**
     * Or words that it is made of, with Argon2id: opening takes some tenths of a second and 64 MiB. Default: none.
     */
    lk_str passphrase;
    /**
     * A chat must have been quiet for this long before its last message is answered; 0 answers every message at once. Seconds, 0 … 60. Default 1.
     */
    double debounce_s;
    /**
     * Whether a rule, your reply function and `{send_message}` see all the messages that are answered together, a line each; else the last of them. Default: no.
     */
    bool join_messages;
    /**
     * A message that is older than this when it is looked at is recorded and not answered. Seconds, 1 … 86,400. Default 300.
     */
    double stale_after_s;
    /**
     * How far back a session that begins looks for what was missed meanwhile: the chats that were active within it are read back, and what of it is not recorded yet is, and is answered like anything else; 0 turns it off. Seconds, 0 … 86,400. Default 3,600.
     */
    double backfill_window_s;
    /**
     * Chats that are read back for one session, the most recently active first. 1 … 1,000. Default 50.
     */
    size_t backfill_chats;
    /**
     * Requests a second for it, of one account. 0.1 … 100. Default 2.
     */
    double backfill_rate_per_s;
    /**
     * Messages that an account sends a second, replies and your own together, and into all chats; after a pause, 10 at once.
     * What would be faster waits. 0.01 … 10,000. Default 5.
     */
    double send_rate_per_s;
    /**
     * The same into one chat; after a pause, 3 at once. A chat that waits holds up no other. 0.01 … 10,000. Default 1.
     */
    double chat_send_rate_per_s;
    /**
     * Between two heartbeats. Seconds, 0.05 … 300. Default 15.
     */
    double heartbeat_interval_s;
    /**
     * A heartbeat not answered for this long means that the connection is dead. Seconds, 0.05 … 300. Default 30.
     */
    double heartbeat_timeout_s;
    /**
     * Between two new tokens of a connection that lives: it asks for one in the background, then registers with it on a new connection. Seconds, 0.05 … 86,400. Default 3,600.
     */
    double token_refresh_s;
    /**
     * And after one that could not be had; the connection goes on meanwhile. Seconds, 0.05 … 86,400. Default 600.
     */
    double token_refresh_retry_s;
    /**
     * For name look-up, TCP, TLS and the WebSocket handshake together. Seconds, 0.05 … 300. Default 15.
     */
    double connect_timeout_s;
    /**
     * For one API call, its answer read. Seconds, 0.05 … 300. Default 20.
     */
    double api_timeout_s;
    /**
     * For the answer to a registration or a send; a send without one by then is unknown. Seconds, 0.05 … 300. Default 10.
     */
    double answer_timeout_s;
    /**
     * For the service to take what is written; then the connection counts as dead. Seconds, 0.05 … 300. Default 10.
     */
    double write_timeout_s;
    /**
     * For the service's answer to the close frame of a session that ends by itself; a stop has `stop_socket_s`. Seconds, 0.05 … 300. Default 1.
     */
    double close_timeout_s;
    /**
     * For the store to take or finish a write of a session, and to close; a disk that hangs for longer ends the session. Seconds, 0.05 … 300. Default 10.
     */
    double store_timeout_s;
    /**
     * Connects started a second, over all accounts. 0.1 … 10,000. Default 5.
     */
    double connect_rate_per_s;
    /**
     * Accounts that connect at the same time; 0: none connects, for a store that is only to be changed. 0 … 1,000. Default 8.
     */
    size_t max_connecting;
    /**
     * The longest wait before the first new try; it doubles with each failure, and the wait is drawn between 0 and it. Seconds, 0.01 … 3,600. Default 1.
     */
    double backoff_initial_s;
    /**
     * What that wait never exceeds. Seconds, `backoff_initial_s` … 3,600. Default 60.
     */
    double backoff_max_s;
    /**
     * A connection that stood this long makes earlier failures forgotten. Seconds, 0.05 … 3,600. Default 60.
     */
    double stable_after_s;
    /**
     * This many failures by its own fault (not the network's) within `park_window_s` park an account. 1 … 1,000. Default 5.
     */
    size_t park_after_failures;
    /**
     * See `park_after_failures`. Seconds, 1 … 86,400. Default 600.
     */
    double park_window_s;
    /**
     * Stopping, stage 1: replies in flight and the closing handshake. Seconds, 0.05 … 300. Default 5.
     */
    double stop_socket_s;
    /**
     * Stopping, stage 2: for child processes to end, asked first and killed shortly before it is over. Seconds, 0.05 … 300. Default 10.
     */
    double stop_process_s;
    /**
     * Stopping, stage 3: for what still runs after that to end, before it is abandoned behind its fence. Seconds, 0.05 … 300. Default 3.
     */
    double stop_thread_s;
    /**
     * A command that is run for an account whose login is over: the program, found through `PATH`, and its arguments, as
     * `cookie_helper_count` texts in a row. It gets JSON on stdin and writes JSON with a new cookie to stdout; the README shows
     * one. Linux only. Default: NULL and 0, none.
     */
    const lk_str *cookie_helper;
    /**
     * How many texts `cookie_helper` has.
     */
    size_t cookie_helper_count;
    /**
     * For one run of it; then it is stopped, and the account parked. Seconds, 0.05 … 3,600. Default 120.
     */
    double cookie_helper_timeout_s;
    /**
     * Helpers that run at the same time; further accounts wait. 1 … 100. Default 4.
     */
    size_t max_helpers;
    /**
     * Calls of your reply function at the same time, over all accounts; further messages wait within its deadline. 1 … 64. Default 16.
     */
    size_t max_handler_calls;
    /**
     * Between two looks at every account's health and at the capacity. Seconds, 0.05 … 3,600. Default 30.
     */
    double health_interval_s;
    /**
     * An account that has had no connection for this long is degraded. Seconds, 0.05 … 86,400. Default 30.
     */
    double degraded_after_s;
    /**
     * And down after this long. Seconds, `degraded_after_s` … 86,400. Default 300.
     */
    double down_after_s;
    /**
     * Events that are kept for a reader that has not read them yet; one that falls behind further loses the oldest and hears
     * how many. 16 … 1,000,000. Default 10,000.
     */
    size_t event_queue;
    /**
     * Messages, with what was decided and sent, are kept for this many days. 1 … 3,650. Default 30.
     */
    size_t keep_messages_days;
    /**
     * Accounts at most. 1 … 1,000,000. Default 20,000. At the bound, `add_cookie` is refused.
     */
    size_t max_accounts;
    /**
     * Threads of the background runtime. 1 … 64. Default 2.
     */
    size_t worker_threads;
} lk_config;

/**
 * What an account is added with, beside its cookie. What is left out stays as it is for an account that exists. Begin with
 * `LK_ACCOUNT_OPTIONS_INIT`.
 */
typedef struct {
    /**
     * `sizeof(lk_account_options)`, set by the init macro.
     */
    size_t size;
    /**
     * The rules in their order, at most 10,000. NULL and a count of 0 leave those of an account that exists; a pointer and 0 take
     * them away. Rules that are more than a keyword and a reply: `lk_manager_update_rules`.
     */
    const lk_keyword *keywords;
    /**
     * How many rules `keywords` has.
     */
    size_t keyword_count;
    /**
     * Your own user that the account belongs to; no text leaves that of an account that exists.
     */
    lk_str user_id;
    /**
     * What the account goes through from its first connection on, as for `lk_manager_set_proxy`, which also takes one away; no text
     * leaves that of an account that exists.
     */
    lk_str proxy;
} lk_account_options;

/**
 * A rule: a message in which one of its keywords is found is answered with its reply. Rules for the message's item are looked at
 * first, then those for every item; among those that match, the first in the list answers. Begin with `LK_RULE_INIT`.
 */
typedef struct {
    /**
     * `sizeof(lk_rule)`, set by the init macro.
     */
    size_t size;
    /**
     * What is looked for: `keyword_count` texts in a row, none blank, each at most 1,000 bytes. One that is found is enough.
     */
    const lk_str *keywords;
    /**
     * How many texts `keywords` has.
     */
    size_t keyword_count;
    /**
     * How they are looked for: an `lk_matching`.
     */
    uint32_t matching;
    /**
     * The item that a message must be about; no text: any, or none.
     */
    lk_str item_id;
    /**
     * The text to send, at most 20,000 bytes; no text is an empty one. In it `{send_user_name}`, `{send_user_id}`, `{send_message}`
     * and `{item_id}` stand for what the message has, `{{` and `}}` for a brace. Empty, and no picture: no reply.
     */
    lk_str reply;
    /**
     * The `https` or `http` URL of a picture that the site already has, sent after the text; no text: no picture.
     */
    lk_str picture_url;
    /**
     * The picture's width in pixels, 1 to 20,000.
     */
    uint32_t picture_width;
    /**
     * The picture's height in pixels, 1 to 20,000.
     */
    uint32_t picture_height;
} lk_rule;

/**
 * What a cookie provider is asked for. It and its texts are valid until the provider returns.
 */
typedef struct {
    /**
     * The size of the struct as the library knows it: a field that lies beyond it is not there.
     */
    size_t size;
    /**
     * Your name for the account.
     */
    lk_str cookie_id;
    /**
     * The account's Xianyu user: a new cookie must be of the same.
     */
    lk_str unb;
    /**
     * Why a new cookie is needed. Now always `LK_REASON_CODE_SESSION_EXPIRED`.
     */
    lk_reason_code reason;
} lk_cookie_request;

/**
 * Brings a new cookie for an account whose login is over: see `lk_manager_set_cookie_provider`.
 *
 * It is called on a thread of the library's, by several threads at the same time. There it may block, and may call every function
 * of the interface. It must return: an exception of C++ or a longjmp out of it ends the process.
 */
typedef void (*lk_cookie_provider)(void *user_data, const lk_cookie_request *request, lk_cookie_answer *answer);

/**
 * Ends the data of a function of yours. It is called once, on any thread; it must not block.
 */
typedef void (*lk_free_user_data)(void *user_data);

/**
 * A buyer's message, as a reply handler is asked about it. It and its texts are valid until the handler returns.
 */
typedef struct {
    /**
     * The size of the struct as the library knows it: a field that lies beyond it is not there.
     */
    size_t size;
    /**
     * Your name for the account.
     */
    lk_str cookie_id;
    /**
     * The service's id for it.
     */
    lk_str message_id;
    /**
     * The chat it stands in.
     */
    lk_str chat_id;
    /**
     * Who sent it: a user id.
     */
    lk_str sender_id;
    /**
     * The sender's name as people see it; may be empty.
     */
    lk_str sender_name;
    /**
     * Its text; with `lk_config.join_messages` those of the messages that came shortly before it in the chat, too, a line each.
     */
    lk_str text;
    /**
     * The item the chat is about; no text: none.
     */
    lk_str item_id;
    /**
     * When it was sent, by the service's clock: milliseconds since 1970 UTC; 0 if it does not say.
     */
    int64_t created_at_ms;
} lk_chat_message;

/**
 * Answers a buyer's message on which no rule has a word: see `lk_manager_set_reply_handler`.
 *
 * It is called on a thread of the library's, by several threads at the same time. There it may block, and may call every function
 * of the interface. It must return: an exception of C++ or a longjmp out of it ends the process.
 */
typedef void (*lk_reply_handler)(void *user_data, const lk_chat_message *message, lk_reply *reply);

/**
 * What is said to buyers' messages on which neither a rule nor the reply handler has a word. Begin with `LK_DEFAULT_REPLY_INIT`.
 */
typedef struct {
    /**
     * `sizeof(lk_default_reply)`, set by the init macro.
     */
    size_t size;
    /**
     * The text to send, at most 20,000 bytes, with the variables of a rule's reply; no text is an empty one. Empty, and no picture:
     * nothing is said, for an item, say, whose account has another.
     */
    lk_str text;
    /**
     * The `https` or `http` URL of a picture that the site already has, sent after the text; no text: no picture.
     */
    lk_str picture_url;
    /**
     * The picture's width in pixels, 1 to 20,000.
     */
    uint32_t picture_width;
    /**
     * The picture's height in pixels, 1 to 20,000.
     */
    uint32_t picture_height;
    /**
     * 1: it is said once in each chat, for as long as the chat's messages are kept; 0: to every message.
     */
    uint32_t once_per_chat;
} lk_default_reply;

/**
 * One account at one moment. Begin with `LK_ACCOUNT_STATUS_INIT`. Times are milliseconds since 1970 UTC; what is counted is
 * counted since the manager was opened.
 */
typedef struct {
    /**
     * `sizeof(lk_account_status)`, set by the init macro.
     */
    size_t size;
    /**
     * What the task is doing.
     */
    lk_task_state state;
    /**
     * What the connection is doing.
     */
    lk_connection_state connection;
    /**
     * Why.
     */
    lk_reason_code reason;
    /**
     * What your program asked for; no failure ever changes it.
     */
    bool enabled;
    /**
     * Whether your program has paused it: it answers nothing until it is resumed.
     */
    bool paused;
    /**
     * Its place among the accounts that wait to connect: -100 to 100, higher goes first.
     */
    int32_t priority;
    /**
     * How it is, in one word; `lk_manager_health` tells what is wrong.
     */
    lk_health health;
    /**
     * Since when `state` holds.
     */
    int64_t since_ms;
    /**
     * Since when `reason` holds.
     */
    int64_t reason_since_ms;
    /**
     * When the next try is due; 0: none is.
     */
    int64_t next_try_ms;
    /**
     * Buyers' messages recorded for the first time.
     */
    uint64_t received;
    /**
     * Messages that came again and were recognised.
     */
    uint64_t duplicates;
    /**
     * Those of the received ones that came by reading chats back, after a time without a connection.
     */
    uint64_t backfilled;
    /**
     * Replies that the service confirmed.
     */
    uint64_t replied;
    /**
     * Sends that the service confirmed, the replies among them.
     */
    uint64_t delivered;
    /**
     * Sends that the service refused.
     */
    uint64_t rejected;
    /**
     * Sends whose outcome is not known; they are never sent again by themselves.
     */
    uint64_t unknown;
    /**
     * Messages on which your reply function gave no answer: it failed or took too long.
     */
    uint64_t handler_failures;
    /**
     * Entries and frames that could not be read.
     */
    uint64_t broken;
    /**
     * Connections that reached registration.
     */
    uint64_t connects;
    /**
     * Sessions that ended otherwise than by your wish.
     */
    uint64_t failures;
} lk_account_status;

/**
 * One thing that is wrong with an account. Begin with `LK_HEALTH_REASON_INIT`. Its texts belong to the list.
 */
typedef struct {
    /**
     * `sizeof(lk_health_reason)`, set by the init macro.
     */
    size_t size;
    /**
     * What is wrong.
     */
    lk_health_code code;
    /**
     * The same as a sentence for people, with its evidence: "not connected (for 75 s)".
     */
    lk_str text;
    /**
     * The evidence alone: "for 75 s".
     */
    lk_str detail;
} lk_health_reason;

/**
 * What became of a send. Begin with `LK_SEND_OUTCOME_INIT`.
 */
typedef struct {
    /**
     * `sizeof(lk_send_outcome)`, set by the init macro.
     */
    size_t size;
    /**
     * How it ended.
     */
    lk_send_result result;
    /**
     * The code of the service's answer where it was rejected; otherwise 0.
     */
    int64_t code;
} lk_send_outcome;

/**
 * A chat in which nothing is answered for now. Begin with `LK_PAUSED_CHAT_INIT`. Its text belongs to the list.
 */
typedef struct {
    /**
     * `sizeof(lk_paused_chat)`, set by the init macro.
     */
    size_t size;
    /**
     * The chat.
     */
    lk_str chat_id;
    /**
     * Until when: milliseconds since 1970 UTC.
     */
    int64_t paused_until_ms;
} lk_paused_chat;

/**
 * One message, and what came of it. Begin with `LK_MESSAGE_TRACE_INIT`. Its texts belong to the list.
 */
typedef struct {
    /**
     * `sizeof(lk_message_trace)`, set by the init macro.
     */
    size_t size;
    /**
     * The service's id for it.
     */
    lk_str message_id;
    /**
     * The chat it stands in.
     */
    lk_str chat_id;
    /**
     * `chat` (somebody wrote), `own` (the seller did), `order` or `card_update` (the platform's cards).
     */
    lk_str kind;
    /**
     * Who sent it: a user id.
     */
    lk_str sender_id;
    /**
     * The sender's name as people see it; may be empty.
     */
    lk_str sender_name;
    /**
     * The text shown; may be empty.
     */
    lk_str text;
    /**
     * The item the chat is about; `data` NULL: none.
     */
    lk_str item_id;
    /**
     * When it was sent, by the service's clock: milliseconds since 1970 UTC; 0 if it does not say.
     */
    int64_t created_at_ms;
    /**
     * When it was recorded: milliseconds since 1970 UTC.
     */
    int64_t received_at_ms;
    /**
     * What was decided; `UNKNOWN` while it waits.
     */
    lk_decision decision;
    /**
     * The rule that decided: its place in the list as it was then, from 1; 0: no rule did.
     */
    uint32_t rule;
    /**
     * The decision as a sentence for people; `data` NULL while there is none.
     */
    lk_str decision_text;
    /**
     * The id of the message that was answered in the place of this one; `data` NULL: none.
     */
    lk_str folded_into;
    /**
     * Whether a text was sent in answer to it, or is under way. If not, the fields that follow are empty.
     */
    bool has_reply;
    /**
     * Whether that send has ended.
     */
    bool reply_has_ended;
    /**
     * How it ended.
     */
    lk_send_result reply_result;
    /**
     * The text that was sent.
     */
    lk_str reply_text;
    /**
     * The service's id of a delivered one, or its reason for a rejected one; `data` NULL: neither.
     */
    lk_str reply_detail;
    /**
     * The code of the service's answer where it was rejected; otherwise 0.
     */
    int64_t reply_code;
    /**
     * When it was put on its way: milliseconds since 1970 UTC.
     */
    int64_t reply_created_at_ms;
    /**
     * When it ended: milliseconds since 1970 UTC; 0 while it is under way.
     */
    int64_t reply_closed_at_ms;
    /**
     * What the service adds to its reason for a rejected one; `data` NULL: nothing.
     */
    lk_str reply_more_info;
    /**
     * Whether a picture was sent in answer to it, after the text if there was one, or is under way. If not, the fields that follow
     * are empty.
     */
    bool has_picture;
    /**
     * Whether that send has ended.
     */
    bool picture_has_ended;
    /**
     * How it ended.
     */
    lk_send_result picture_result;
    /**
     * Where the picture is.
     */
    lk_str picture_url;
    /**
     * Its width in pixels.
     */
    uint32_t picture_width;
    /**
     * Its height in pixels.
     */
    uint32_t picture_height;
    /**
     * The service's id of a delivered one, or its reason for a rejected one; `data` NULL: neither.
     */
    lk_str picture_detail;
    /**
     * What the service adds to its reason for a rejected one; `data` NULL: nothing.
     */
    lk_str picture_more_info;
    /**
     * The code of the service's answer where it was rejected; otherwise 0.
     */
    int64_t picture_code;
    /**
     * When it was put on its way: milliseconds since 1970 UTC.
     */
    int64_t picture_created_at_ms;
    /**
     * When it ended: milliseconds since 1970 UTC; 0 while it is under way.
     */
    int64_t picture_closed_at_ms;
} lk_message_trace;

/**
 * An order that the platform's cards have told of. Begin with `LK_ORDER_INIT`. Its texts belong to the list.
 */
typedef struct {
    /**
     * `sizeof(lk_order)`, set by the init macro.
     */
    size_t size;
    /**
     * The service's id for it. If you deliver goods for it, do so once for this id.
     */
    lk_str order_id;
    /**
     * The chat in which its cards stand.
     */
    lk_str chat_id;
    /**
     * What was bought; `data` NULL: no card says so.
     */
    lk_str item_id;
    /**
     * Who bought it, a user id; `data` NULL: only cards in the seller's own name have told of it.
     */
    lk_str buyer_id;
    /**
     * Where it stands: the furthest status that a card has told. A card that comes late sets it back no more.
     */
    lk_order_status status;
    /**
     * How many statuses cards have told; see `lk_order_list_step`.
     */
    size_t step_count;
    /**
     * Where the confirmation of its shipment stands.
     */
    lk_confirmation_state confirmation;
    /**
     * The service's code where it refused, or what was seen in place of an answer; `data` NULL: none.
     */
    lk_str confirmation_code;
    /**
     * The service's words for it; `data` NULL: none.
     */
    lk_str confirmation_text;
    /**
     * Since when the confirmation stands so: milliseconds since 1970 UTC; 0: there is none.
     */
    int64_t confirmation_at_ms;
    /**
     * When its first card was recorded: milliseconds since 1970 UTC.
     */
    int64_t created_at_ms;
    /**
     * When its status or its confirmation changed last: milliseconds since 1970 UTC.
     */
    int64_t updated_at_ms;
} lk_order;

/**
 * One status of an order, and the card that told of it. Begin with `LK_ORDER_STEP_INIT`. Its text belongs to the list.
 */
typedef struct {
    /**
     * `sizeof(lk_order_step)`, set by the init macro.
     */
    size_t size;
    /**
     * The status.
     */
    lk_order_status status;
    /**
     * Since when, by the service's clock, or when it was recorded where the card does not say: milliseconds since 1970 UTC.
     */
    int64_t at_ms;
    /**
     * The first card that told of it: its message's id.
     */
    lk_str message_id;
} lk_order_step;

/**
 * How a confirmation stands. Begin with `LK_CONFIRMATION_INIT`.
 */
typedef struct {
    /**
     * `sizeof(lk_confirmation)`, set by the init macro.
     */
    size_t size;
    /**
     * Where it stands.
     */
    lk_confirmation_state state;
    /**
     * Since when: milliseconds since 1970 UTC.
     */
    int64_t at_ms;
} lk_confirmation;

/**
 * An import report in a few numbers. Begin with `LK_IMPORT_SUMMARY_INIT`. Its text belongs to the report.
 */
typedef struct {
    /**
     * `sizeof(lk_import_summary)`, set by the init macro.
     */
    size_t size;
    /**
     * Accounts of the file.
     */
    size_t account_count;
    /**
     * Those that are new here.
     */
    size_t added_count;
    /**
     * Those that were here, and of which something was taken.
     */
    size_t updated_count;
    /**
     * Those that were here, and were left as they are.
     */
    size_t kept_count;
    /**
     * Those of which nothing was taken.
     */
    size_t refused_count;
    /**
     * What belongs to no account of the file, each on a line of its own; empty: nothing.
     */
    lk_str notes;
    /**
     * Whether everything in the file was taken.
     */
    bool is_complete;
} lk_import_summary;

/**
 * What became of one account of a file. Begin with `LK_IMPORTED_ACCOUNT_INIT`. Its texts belong to the report.
 */
typedef struct {
    /**
     * `sizeof(lk_imported_account)`, set by the init macro.
     */
    size_t size;
    /**
     * The account.
     */
    lk_str cookie_id;
    /**
     * What was not taken, and why, each on a line of its own; empty: all was taken.
     */
    lk_str not_taken;
    /**
     * What was taken otherwise than it stands in the file, and how, each on a line of its own; empty: nothing.
     */
    lk_str notes;
    /**
     * Rules that were taken.
     */
    size_t rule_count;
    /**
     * Default replies that were taken.
     */
    size_t default_reply_count;
    /**
     * What became of it.
     */
    lk_import_outcome outcome;
    /**
     * Whether its cookie was taken.
     */
    bool has_cookie;
    /**
     * Whether its settings were taken.
     */
    bool has_settings;
} lk_imported_account;

/**
 * A stop report in a few numbers. Begin with `LK_STOP_SUMMARY_INIT`.
 */
typedef struct {
    /**
     * `sizeof(lk_stop_summary)`, set by the init macro.
     */
    size_t size;
    /**
     * How many accounts there were.
     */
    size_t account_count;
    /**
     * How long it took, in seconds.
     */
    double took_s;
    /**
     * Whether nothing is left of any account.
     */
    bool is_clean;
} lk_stop_summary;

/**
 * What stopping one account came to. Begin with `LK_ACCOUNT_STOP_INIT`. Its texts belong to the report.
 */
typedef struct {
    /**
     * `sizeof(lk_account_stop)`, set by the init macro.
     */
    size_t size;
    /**
     * The account.
     */
    lk_str cookie_id;
    /**
     * What is still there, each on a line of its own; empty: nothing. It can neither send nor write any more.
     */
    lk_str left;
    /**
     * How long it took, in seconds.
     */
    double took_s;
    /**
     * Whether nothing is left.
     */
    bool is_clean;
    /**
     * First stage: replies in flight finish, the connection is closed with a close frame.
     */
    lk_stage_outcome socket;
    /**
     * Second stage: child processes are asked to end, then killed.
     */
    lk_stage_outcome process;
    /**
     * Third stage: what still runs is cut off.
     */
    lk_stage_outcome thread;
} lk_account_stop;

/**
 * Something that happened. Begin with `LK_EVENT_INIT`, and end what each call has put there with `lk_event_free`.
 *
 * Each kind tells of the fields that name it, and all but `LAGGED` have a time. Every other field is 0, an `_UNKNOWN`, false, NULL, or a text without data.
 */
typedef struct {
    /**
     * `sizeof(lk_event)`, set by the init macro.
     */
    size_t size;
    /**
     * What texts, lists and the report of this event belong to. Leave it alone; `lk_event_free` ends it.
     */
    lk_event_content *content;
    /**
     * What it tells.
     */
    lk_event_kind kind;
    /**
     * The account; an empty text, not one without data, for what concerns the whole manager.
     */
    lk_str cookie_id;
    /**
     * When: milliseconds since 1970 UTC.
     */
    int64_t at_ms;
    /**
     * `LAGGED`: how many events were dropped.
     */
    uint64_t missed;
    /**
     * `STATE_CHANGED`: what the task did before.
     */
    lk_task_state old_state;
    /**
     * And what it does now.
     */
    lk_task_state new_state;
    /**
     * `STATE_CHANGED`: what the connection did before.
     */
    lk_connection_state old_connection;
    /**
     * And what it does now.
     */
    lk_connection_state new_connection;
    /**
     * `STATE_CHANGED`: why it was so before.
     */
    lk_reason_code old_reason;
    /**
     * And why it is so now.
     */
    lk_reason_code new_reason;
    /**
     * `STATE_CHANGED`: why it is so now, as a sentence for people.
     */
    lk_str reason_text;
    /**
     * `STATE_CHANGED`: what exactly was seen (an error text, a close code, an address for a person to open); may be empty.
     */
    lk_str reason_detail;
    /**
     * `STATE_CHANGED`: since when the reason holds: milliseconds since 1970 UTC.
     */
    int64_t reason_since_ms;
    /**
     * `STATE_CHANGED`: when the next try is due: milliseconds since 1970 UTC; 0: none is.
     */
    int64_t next_try_ms;
    /**
     * `HEALTH_CHANGED`: how the account was before.
     */
    lk_health old_health;
    /**
     * And how it is now.
     */
    lk_health new_health;
    /**
     * `HEALTH_CHANGED`: what is wrong; see `lk_health_reason_list_get`. It belongs to the event.
     */
    const lk_health_reason_list *health_reasons;
    /**
     * `STOPPED`: how each stage ended, a report of this one account; see `lk_stop_report_account`. It belongs to the event.
     */
    const lk_stop_report *stop_report;
    /**
     * `CAPACITY_CHANGED`: what has the bound.
     */
    lk_capacity_kind capacity_kind;
    /**
     * `CAPACITY_CHANGED`: how near it is.
     */
    lk_capacity_level capacity_level;
    /**
     * `CAPACITY_CHANGED`: how much is used.
     */
    uint64_t capacity_used;
    /**
     * `CAPACITY_CHANGED`: how much there is; 0 where there is no bound.
     */
    uint64_t capacity_bound;
    /**
     * `CAPACITY_CHANGED`: whether there is a bound.
     */
    bool capacity_has_bound;
    /**
     * `ORDER_CHANGED`: the order as it stands, a list of this one; see `lk_order_list_get`. It belongs to the event.
     */
    const lk_order_list *order;
    /**
     * `CONFIRMATION_ENDED`: the order.
     */
    lk_str order_id;
    /**
     * `CONFIRMATION_ENDED`: how it ended: confirmed, refused or unknown.
     */
    lk_confirmation_state confirmation;
    /**
     * `CONFIRMATION_ENDED`: the service's code where it refused, or what was seen in place of an answer; `data` NULL: none.
     */
    lk_str confirmation_code;
    /**
     * `CONFIRMATION_ENDED`: the service's words for it; `data` NULL: none.
     */
    lk_str confirmation_text;
} lk_event;

/**
 * Is told of an event: see `lk_manager_set_event_callback`. The event and all that it holds are valid until the function returns;
 * do not end it.
 */
typedef void (*lk_event_callback)(void *user_data, const lk_event *event);

/**
 * Is told that a call is over: see `lk_call_on_done`.
 *
 * - `status`: how it ended, as `lk_call_wait` has it; after a failure the `lk_last_error_…` functions tell of it.
 * - `call`: the call, to look its results up; valid until the function returns, and not yours to end.
 */
typedef void (*lk_on_done)(void *user_data, lk_status status, const lk_call *call);

/**
 * What is used of one thing, and its bound. Begin with `LK_CAPACITY_ITEM_INIT`.
 */
typedef struct {
    /**
     * `sizeof(lk_capacity_item)`, set by the init macro.
     */
    size_t size;
    /**
     * What.
     */
    lk_capacity_kind kind;
    /**
     * How near the bound is.
     */
    lk_capacity_level level;
    /**
     * How much of it is used.
     */
    uint64_t used;
    /**
     * How much there is; 0 where there is no bound.
     */
    uint64_t bound;
    /**
     * Whether there is a bound: of some things the system sets none, or does not tell.
     */
    bool has_bound;
} lk_capacity_item;

/**
 * Gets a line of the library's log: see `lk_set_log_hook`. `target` is the part of the library that says it; both texts are valid
 * until the function returns.
 */
typedef void (*lk_log_hook)(void *user_data, lk_log_level level, lk_str target, lk_str message);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The code of this thread's last call that failed; `LK_STATUS_OK` if none has. A call that succeeds leaves it as it is.
 *
 * Does not block.
 */
lk_status lk_last_error_code(void);

/**
 * What went wrong in this thread's last call that failed, in a sentence for people; empty if none has. It names the account,
 * the field and what is allowed, and never holds a cookie.
 *
 * Never NULL. Valid until the next call of this thread fails. Does not block.
 */
const char *lk_last_error_message(void);

/**
 * The account that this thread's last failed call was about; empty if it was about none.
 *
 * Never NULL. Valid until the next call of this thread fails. Does not block.
 */
const char *lk_last_error_cookie_id(void);

/**
 * The C string `nul_terminated` as a text for a call; of NULL, no text.
 *
 * Nothing is copied: the text is valid as long as the C string is. Any thread. Does not block.
 */
lk_str lk_str_of(const char *nul_terminated);

/**
 * Looks into a text. Of NULL: no text, `data` is NULL.
 *
 * What it gives belongs to `string`. Any thread. Does not block.
 */
lk_str lk_string_view(const lk_string *string);

/**
 * Ends a text. NULL is fine. Any thread. Does not block.
 */
void lk_string_free(lk_string *string);

/**
 * How many texts a list has; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_string_list_count(const lk_string_list *list);

/**
 * The text at `index`, counted from 0. Beyond the end: no text, `data` is NULL.
 *
 * What it gives belongs to `list`. Any thread. Does not block.
 */
lk_str lk_string_list_get(const lk_string_list *list, size_t index);

/**
 * Ends a list and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_string_list_free(lk_string_list *list);

/**
 * How many rules a list has; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_keyword_list_count(const lk_keyword_list *list);

/**
 * The rule at `index`, counted from 0. Beyond the end: no texts, each `data` is NULL.
 *
 * What it gives belongs to `list`. Any thread. Does not block.
 */
lk_keyword lk_keyword_list_get(const lk_keyword_list *list, size_t index);

/**
 * Ends a list of rules. NULL is fine. Any thread. Does not block.
 */
void lk_keyword_list_free(lk_keyword_list *list);

/**
 * The name of an `lk_task_state`, such as `running`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_task_state_name(uint32_t state);

/**
 * The name of an `lk_connection_state`, such as `connected`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_connection_state_name(uint32_t connection);

/**
 * The name of an `lk_reason_code`, such as `heartbeat_lost`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_reason_code_name(uint32_t code);

/**
 * Gives every field of `config` its default, and sets its size. The same as `LK_CONFIG_INIT`, for languages without macros.
 *
 * - `size`: `sizeof(lk_config)` as your program knows it.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_NULL_POINTER`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_config_init(lk_config *config, size_t size);

/**
 * The library's version, such as "0.1.0".
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_version(void);

/**
 * Opens the store in the file `path`, made if it is not there, and starts every enabled account in it.
 *
 * - `path`: UTF-8; ":memory:" for a store that is gone with its manager.
 * - `config`: settings; NULL for the defaults. Nothing of it is needed once this has returned.
 * - `manager`: where the new manager goes; NULL is put there on failure. Close it with `lk_manager_close`, then end it with
 *   `lk_manager_free`.
 *
 * While it is open, nothing else in this process may open the store's files, not even to read them (another copy of SQLite, a backup in
 * the program itself): closing them again ends the locks that keep other processes from taking the log away. Use `lk_inspect` or
 * `lk_manager_snapshot`.
 *
 * Any thread. Blocks while the file is opened and read, not for the accounts to connect. Errors: `LK_STATUS_INVALID_ARGUMENT` for a setting
 * out of its range or a key that cannot be had, `LK_STATUS_ALREADY_OPEN`, `LK_STATUS_NOT_A_DATABASE`, `LK_STATUS_CORRUPT`,
 * `LK_STATUS_STORE_TOO_NEW`, `LK_STATUS_WRONG_KEY` (of these, nothing was touched), `LK_STATUS_STORE_UNAVAILABLE`, `LK_STATUS_DISK_FULL`,
 * `LK_STATUS_DISK_FAILED`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_open(lk_str path, const lk_config *config, lk_manager **manager);

/**
 * Stops every account, closes the store and ends the background threads. After it every other call answers
 * `LK_STATUS_CLOSED`; a second close gives the first one's report.
 *
 * - `timeout_s`: for the accounts to stop. Seconds, 0 to 86,400; 10 is a good value.
 * - `report`: where the report goes, yours to end with `lk_stop_report_free`; NULL if you do not want one.
 *
 * Any thread. Blocks until all is over: `timeout_s` for the accounts at the most, and if the disk or a thread hangs,
 * `store_timeout_s` and `stop_thread_s` more.
 * Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_FORKED`. What could not be stopped in time is no error: the report names it.
 */
lk_status lk_manager_close(const lk_manager *manager, double timeout_s, lk_stop_report **report);

/**
 * Ends a manager; NULL is fine. One that is not closed is closed without waiting and without a report; its accounts go on
 * being stopped in the background for some seconds, if the process lasts.
 *
 * Any thread, also from a function of yours that the library calls. Does not block. A call that is under way on another thread ends in
 * its own time; one that comes later answers `LK_STATUS_INVALID_HANDLE`.
 */
void lk_manager_free(lk_manager *manager);

/**
 * Changes the key that the credentials in the store are sealed with; give exactly one. From when this has returned, the store opens
 * with the new one only; before, and if the process ends meanwhile, with one of the two. Accounts go on undisturbed. Give the next
 * `lk_config` the new key: nothing but the key file beside the store is looked for by itself.
 *
 * - `key`, `key_length`: exactly 32 bytes; or NULL and 0.
 * - `key_file`: a file that holds a key: 32 bytes in Base64 or hex. The one that is in use gets a new key; it belongs to one store, as
 *   another one that uses it would no longer open. Of any other, the key in it is taken, or one is made, with mode 0600. A key file
 *   that is used no more stays where it is: remove it yourself once no copy of the store needs it.
 * - `key_env`: the name of an environment variable (letters, digits and _) that holds a key in Base64 or hex.
 * - `passphrase`: words that the key is made of, 1 to 1,024 bytes; takes some tenths of a second.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT` for a key that cannot be had, and for none or two;
 * `LK_STATUS_STORE_FAILED`, the key is then still the one before; `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_rekey(const lk_manager *manager,
                           const uint8_t *key,
                           size_t key_length,
                           lk_str key_file,
                           lk_str key_env,
                           lk_str passphrase);

/**
 * Adds an account and starts it, or replaces the cookie of one that exists: the old session is fully gone first.
 *
 * - `cookie_id`: your name for the account, 1 to 255 bytes.
 * - `cookie_value`: a header string, a JSON array of a browser extension, or a Netscape cookies.txt; it must hold `unb`.
 * - `keywords`, `keyword_count`: the rules in their order, at most 10,000. NULL and 0 leave those of an account that exists; a
 *   pointer and 0 take them away.
 * - `user_id`: your own user that the account belongs to; without one, that of an account that exists stays.
 *
 * Any thread. Blocks until it is on disk, and for as long as an old session takes to stop; the connection comes later
 * (`lk_manager_wait_for`). Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_AT_CAPACITY`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_add_cookie(const lk_manager *manager,
                                lk_str cookie_id,
                                lk_str cookie_value,
                                const lk_keyword *keywords,
                                size_t keyword_count,
                                lk_str user_id);

/**
 * Looks at a pasted cookie before an account is made of it, without asking the service: whether it can be used at all, and what a
 * logged-in page has that is not in it. Nothing missing does not say that the login still holds.
 *
 * - `cookie_value`: in any form that `lk_manager_add_cookie` takes.
 * - `missing`: where the names of what is missing go, yours to end with `lk_string_list_free`; NULL is put there on failure. NULL if
 *   you do not want them.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` where it cannot be used, with what to do.
 */
lk_status lk_validate_cookie(lk_str cookie_value, lk_string_list **missing);

/**
 * Stops an account, and removes it with its rules and messages.
 *
 * Any thread. Blocks until nothing of it runs, by default 18 s at the most (`stop_socket_s`, `stop_process_s`, `stop_thread_s`), and it is off
 * the record. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED` (it is then stopped, and still on record),
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_remove_cookie(const lk_manager *manager,
                                   lk_str cookie_id);

/**
 * Gives an account a new cookie of the same Xianyu user. An account that is enabled starts anew with it, also one that was
 * parked.
 *
 * Any thread. Blocks until it is on disk, and for as long as the old session takes to stop.
 * Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_WRONG_OWNER`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_update_cookie(const lk_manager *manager, lk_str cookie_id, lk_str cookie_value);

/**
 * Switches an account on or off. Switching on one that is parked tries again.
 *
 * Any thread. Blocks until it is on disk and, switching off, for as long as the session takes to stop.
 * Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_update_cookie_status(const lk_manager *manager, lk_str cookie_id, bool enabled);

/**
 * Tells whether an account is switched on.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_get_cookie_status(const lk_manager *manager, lk_str cookie_id, bool *enabled);

/**
 * The ids of all accounts, in their order.
 *
 * - `list`: where the list goes, yours to end with `lk_string_list_free`; NULL is put there on failure.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_list(const lk_manager *manager, lk_string_list **list);

/**
 * The ids of the accounts that are switched on, in their order.
 *
 * - `list`: where the list goes, yours to end with `lk_string_list_free`; NULL is put there on failure.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_get_enabled_cookies(const lk_manager *manager, lk_string_list **list);

/**
 * Puts these rules in the place of the account's earlier ones, from the next message on.
 *
 * - `keywords`, `keyword_count`: the rules in their order, at most 10,000; a count of 0 means no rules.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT` naming the rule's place,
 * `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_update_keywords(const lk_manager *manager, lk_str cookie_id, const lk_keyword *keywords, size_t keyword_count);

/**
 * The account's rules in their order.
 *
 * - `list`: where the list goes, yours to end with `lk_keyword_list_free`; NULL is put there on failure.
 *
 * Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT` where a rule is more than a keyword
 * and a reply (`lk_manager_get_rules` gives every rule), `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_get_keywords(const lk_manager *manager, lk_str cookie_id, lk_keyword_list **list);

/**
 * Adds an account as `lk_manager_add_cookie` does, with whatever else it may begin with, such as a proxy that its first connection
 * goes through already.
 *
 * - `cookie_id`, `cookie_value`: as for `lk_manager_add_cookie`.
 * - `options`: what else; NULL: nothing. Nothing of it is needed once this has returned.
 *
 * Any thread. Blocks until it is on disk, and for as long as an old session takes to stop; the connection comes later
 * (`lk_manager_wait_for`). Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_AT_CAPACITY`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_add_cookie_with(const lk_manager *manager, lk_str cookie_id, lk_str cookie_value, const lk_account_options *options);

/**
 * `lk_manager_add_cookie` with rules that may be more than a keyword and a reply.
 *
 * - `rules`, `rule_count`: the rules in their order, at most 10,000; NULL and 0 leave those of an account that exists. All else
 *   is as there.
 *
 * Any thread. Blocks until it is on disk, and an old session is gone. Errors: those of `lk_manager_add_cookie`, and
 * `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_add_cookie_with_rules(const lk_manager *manager,
                                           lk_str cookie_id,
                                           lk_str cookie_value,
                                           const lk_rule *rules,
                                           size_t rule_count,
                                           lk_str user_id);

/**
 * Puts these rules in the place of the account's earlier ones, from the next message on.
 *
 * - `rules`, `rule_count`: the rules in their order, at most 10,000 with 10,000 keywords, 200 of them regular expressions; all of
 *   the same `size`. A count of 0 means no rules.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT` naming the rule's place,
 * `LK_STATUS_WRONG_SIZE`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_update_rules(const lk_manager *manager, lk_str cookie_id, const lk_rule *rules, size_t rule_count);

/**
 * All rules of the account in their order, also those that were given as a keyword and a reply.
 *
 * - `list`: where the list goes, yours to end with `lk_rule_list_free`; NULL is put there on failure.
 *
 * Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_get_rules(const lk_manager *manager, lk_str cookie_id, lk_rule_list **list);

/**
 * How many rules a list has; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_rule_list_count(const lk_rule_list *list);

/**
 * One of them. Its keywords and texts belong to the list.
 *
 * - `index`: from 0, below the list's count.
 * - `rule`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_rule_list_get(const lk_rule_list *list, size_t index, lk_rule *rule);

/**
 * Ends a list of rules and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_rule_list_free(lk_rule_list *list);

/**
 * Pauses an account: it stays connected, receives and records, and answers nothing until `lk_manager_resume`; what came in
 * meanwhile stays unanswered. Remembered over a restart of the process. `lk_manager_send_text` goes out all the same. Pausing
 * one that is paused is fine.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`.
 */
lk_status lk_manager_pause(const lk_manager *manager, lk_str cookie_id);

/**
 * Lets a paused account answer again, from the next message on. Resuming one that is not paused is fine.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`.
 */
lk_status lk_manager_resume(const lk_manager *manager, lk_str cookie_id);

/**
 * Ends the account's session and starts it anew, with its failures forgotten; also one that was parked.
 *
 * Any thread. Blocks until nothing of the old session runs, by default 18 s at the most (`stop_socket_s`, `stop_process_s`,
 * `stop_thread_s`); the new connection comes later (`lk_manager_wait_for`). Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_ACCOUNT_DISABLED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_restart(const lk_manager *manager, lk_str cookie_id);

/**
 * Sets the account's place among those that wait to connect. A step is worth 10 s of waiting, so that nobody starves.
 * Remembered over a restart of the process.
 *
 * - `priority`: -100 to 100, higher goes first; a new account has 0.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_set_priority(const lk_manager *manager, lk_str cookie_id, int32_t priority);

/**
 * Has an account reach the service through a proxy from now on, with the API and the WebSocket. A session that runs is ended and
 * starts anew with it; an account that is parked stays so until `lk_manager_restart`. Remembered over a restart of the process.
 *
 * - `proxy`: `http://host:port` (with CONNECT) or `socks5://host:port`, with `user:password@` before the host where the proxy wants
 *   it, special characters in those percent-encoded; `data` NULL: none, the account goes by itself. The proxy resolves the service's
 *   name. The URL is stored, and shown nowhere.
 *
 * Any thread. Blocks until nothing of the old session runs, by default 18 s at the most (`stop_socket_s`, `stop_process_s`,
 * `stop_thread_s`); the new connection comes later (`lk_manager_wait_for`). Errors: `LK_STATUS_INVALID_ARGUMENT`,
 * `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_set_proxy(const lk_manager *manager, lk_str cookie_id, lk_str proxy);

/**
 * Sets the function that is asked for a new cookie when an account's login is over, in the place of an earlier one. With a cookie of
 * the same user, the account signs in anew. Without one the cookie helper is asked where there is one (`lk_config.cookie_helper`),
 * else the account is parked; it is parked too when the function fails, or brings another user's cookie or one that is over as
 * well. `lk_manager_restart` has such an account tried anew.
 *
 * - `function`: the function; NULL takes an earlier one away. As many calls run at the same time as `lk_config.max_helpers` says
 *   (together with cookie helpers); further accounts wait.
 * - `user_data`: handed to each call; may be NULL.
 * - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. It is called exactly once: when the function has been replaced or
 *   taken away, or the manager is closed or freed, and no call of the function runs any more; at once where this call fails, or
 *   `function` is NULL.
 * - `timeout_s`: how long a call is waited for; then the account is parked. Seconds, 0.05 to 3,600; 120 is a good value; of no meaning
 *   where `function` is NULL. A function that goes on after it keeps its place until it returns;
 *   `lk_cookie_answer_is_wanted` tells it that it may end.
 *
 * A call that never returns does not hold up `lk_manager_close` longer than `stop_thread_s`, and is named in its report: what it uses,
 * the library's code too, must then stay where it is.
 *
 * Any thread, also from inside the function. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`.
 */
lk_status lk_manager_set_cookie_provider(const lk_manager *manager,
                                         lk_cookie_provider function,
                                         void *user_data,
                                         lk_free_user_data free_user_data,
                                         double timeout_s);

/**
 * Answers with a new cookie, in any form that `lk_manager_add_cookie` takes; it is copied. The last answer counts; one that is empty
 * is none.
 *
 * Any thread, as long as the answer is valid; what comes when its time is over changes nothing. Does not block. Errors:
 * `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_cookie_answer_set(lk_cookie_answer *answer, lk_str cookie_value);

/**
 * Answers that there is none, with a sentence for the person who reads the account's status; it must hold no credential. The helper
 * is not asked.
 *
 * Any thread, as long as the answer is valid; what comes when its time is over changes nothing. Does not block. Errors:
 * `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_cookie_answer_fail(lk_cookie_answer *answer, lk_str sentence);

/**
 * Whether somebody still waits for the answer: false once its time is over or its account is being stopped, and of NULL.
 *
 * Any thread. Does not block.
 */
bool lk_cookie_answer_is_wanted(const lk_cookie_answer *answer);

/**
 * Keeps an answer beyond the provider's return: it comes later. End it with `lk_cookie_answer_free`, whatever comes: that gives it.
 *
 * The provider's time goes on, and its place among the calls that run at the same time is taken until then; when the time is over
 * the account is parked, and what comes later changes nothing. Keeping one twice is fine. Of the request nothing is valid any more
 * when the provider has returned.
 *
 * On the provider's thread only. Does not block. Errors: `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_cookie_answer_keep(lk_cookie_answer *answer);

/**
 * Ends an answer that was kept: what was said last is it; without any, there is no cookie. NULL is fine, and so is one that was not
 * kept: it is given at once, then.
 *
 * Any thread, once; it may come before the provider returns. Does not block.
 */
void lk_cookie_answer_free(lk_cookie_answer *answer);

/**
 * Has buyers' messages on which no rule has a word answered by a function of yours, for all accounts, from the next message on, in
 * the place of an earlier one: this is where an AI model goes.
 *
 * The function says what is to be sent with `lk_reply_set_text`, `lk_reply_set_picture` or both; with `lk_reply_set_nothing` that
 * nothing at all is. Where it returns without any of them, or calls `lk_reply_fail`, or takes longer than its time, the default reply
 * is said (`lk_manager_set_default_reply`); the last two are counted in the account's `handler_failures`. What it says goes out only
 * if no person has taken the chat meanwhile. A message whose session ends while the function thinks is asked about again by the next.
 *
 * - `function`: the function; NULL takes an earlier one away. As many calls run at the same time as `lk_config.max_handler_calls`
 *   says, eight for one account, one for a chat, whose later messages wait for it.
 * - `user_data`, `free_user_data`: as for `lk_manager_set_cookie_provider`.
 * - `timeout_s`: how long it has for one message, the wait for a free place included. Seconds, 0.05 to 3,600; 30 is a good value; of
 *   no meaning where `function` is NULL. A function that goes on after it keeps its place until it returns; `lk_reply_is_wanted`
 *   tells it that it may end.
 *
 * A call that never returns does not hold up `lk_manager_close` longer than `stop_thread_s`, and is named in its report: what it uses,
 * the library's code too, must then stay where it is.
 *
 * Any thread, also from inside the function. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`.
 */
lk_status lk_manager_set_reply_handler(const lk_manager *manager,
                                       lk_reply_handler function,
                                       void *user_data,
                                       lk_free_user_data free_user_data,
                                       double timeout_s);

/**
 * Answers with a text, at most 20,000 bytes, beside a picture if there is one; it is copied, and sent as it stands: braces mean
 * nothing in it. An empty one is none. The last text counts.
 *
 * Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
 * `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_reply_set_text(lk_reply *reply, lk_str text);

/**
 * Answers with a picture that the site already has, after the text if there is one; its URL is copied. The last picture counts.
 *
 * - `url`: its `https` or `http` URL on the site's image host, at most 2,000 bytes.
 * - `width`, `height`: in pixels, 1 to 20,000. What cannot be sent is a failure of the handler.
 *
 * Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
 * `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_reply_set_picture(lk_reply *reply, lk_str url, uint32_t width, uint32_t height);

/**
 * Answers that nothing at all is to be sent, the default reply neither; a text or picture that was set is taken back.
 *
 * Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
 * `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_reply_set_nothing(lk_reply *reply);

/**
 * Answers that the handler has failed: it is counted, and the default reply is said.
 *
 * - `sentence`: why, for the library's log; it must hold no credential.
 *
 * Any thread, as long as the reply is valid; what comes when its time is over changes nothing. Does not block. Errors:
 * `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_reply_fail(lk_reply *reply, lk_str sentence);

/**
 * Whether somebody still waits for the answer: false once its time is over or its account is being stopped, and of NULL.
 *
 * Any thread. Does not block.
 */
bool lk_reply_is_wanted(const lk_reply *reply);

/**
 * Keeps a reply beyond the handler's return: the answer comes later. End it with `lk_reply_free`, whatever comes: that gives the
 * answer.
 *
 * The handler's time goes on, and its place among the calls that run at the same time is taken until then; when the time is over,
 * or the account is stopped, the default reply is said and what comes later changes nothing. Keeping one twice is fine. Of the
 * message nothing is valid any more when the handler has returned.
 *
 * On the handler's thread only. Does not block. Errors: `LK_STATUS_INVALID_HANDLE`.
 */
lk_status lk_reply_keep(lk_reply *reply);

/**
 * Ends a reply that was kept: what was said last is the answer; without any, the default reply is said. NULL is fine, and so is one
 * that was not kept: its answer is given at once, then.
 *
 * Any thread, once; it may come before the handler returns. Does not block.
 */
void lk_reply_free(lk_reply *reply);

/**
 * Sets what is said to buyers' messages on which neither a rule nor the reply handler has a word, from the next message on, in the
 * place of the earlier one. Remembered over a restart of the process.
 *
 * - `item_id`: the item for whose messages it is said in the place of the account's, 1 to 255 bytes; no text: the account's.
 * - `reply`: the reply; NULL takes it away.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_WRONG_SIZE`,
 * `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_AT_CAPACITY` (10,000 items have one), `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`.
 */
lk_status lk_manager_set_default_reply(const lk_manager *manager, lk_str cookie_id, lk_str item_id, const lk_default_reply *reply);

/**
 * The account's default reply, or the item's own.
 *
 * - `item_id`: the item; no text: the account's.
 * - `reply`: where it goes, yours to end with `lk_stored_reply_free`; NULL is put there where there is none, and on failure.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`.
 */
lk_status lk_manager_get_default_reply(const lk_manager *manager, lk_str cookie_id, lk_str item_id, lk_stored_reply **reply);

/**
 * What a default reply says. The texts belong to `stored`; a text that is empty is there.
 *
 * - `reply`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_stored_reply_view(const lk_stored_reply *stored, lk_default_reply *reply);

/**
 * Ends a default reply that was asked for, and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_stored_reply_free(lk_stored_reply *stored);

/**
 * The account at this moment.
 *
 * - `status`: where it goes; its `size` must be set.
 * - `reason`: where the reason goes as a sentence for people, of the same moment, yours to end with `lk_string_free`; NULL if
 *   you do not want it. NULL is put there on failure.
 *
 * Any thread. Never waits for anything. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`,
 * `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_status(const lk_manager *manager, lk_str cookie_id, lk_account_status *status, lk_string **reason);

/**
 * Waits until the account is as wanted.
 *
 * - `state`: an `lk_task_state`, or `LK_ANY`.
 * - `connection`: an `lk_connection_state`, or `LK_ANY`.
 * - `timeout_s`: seconds, 0 to 86,400.
 * - `status`, `reason`: as for `lk_manager_status`, at the moment the wait was over; each may be NULL.
 *
 * Any thread. Blocks for `timeout_s` at the most. Errors: `LK_STATUS_TIMED_OUT` (the message says how things stood),
 * `LK_STATUS_ACCOUNT_NOT_FOUND` (also when it is removed meanwhile), `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_wait_for(const lk_manager *manager,
                              lk_str cookie_id,
                              uint32_t state,
                              uint32_t connection,
                              double timeout_s,
                              lk_account_status *status,
                              lk_string **reason);

/**
 * All accounts at this moment, in the order of their ids.
 *
 * - `list`: where the list goes, yours to end with `lk_status_list_free`; NULL is put there on failure.
 *
 * Any thread. Never waits for anything. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_statuses(const lk_manager *manager, lk_status_list **list);

/**
 * How many accounts a list has; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_status_list_count(const lk_status_list *list);

/**
 * One of them.
 *
 * - `index`: from 0, below the list's count.
 * - `cookie_id`: where its id goes, which belongs to the list; NULL if you do not want it.
 * - `status`: where its status goes; its `size` must be set.
 * - `reason`: where the reason goes as a sentence for people, which belongs to the list; NULL if you do not want it.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_status_list_get(const lk_status_list *list, size_t index, lk_str *cookie_id, lk_account_status *status, lk_str *reason);

/**
 * Ends a list of statuses and its texts. NULL is fine.
 *
 * Any thread. Does not block.
 */
void lk_status_list_free(lk_status_list *list);

/**
 * The name of an `lk_health`, such as `degraded`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_health_name(uint32_t health);

/**
 * The name of an `lk_health_code`, such as `not_connected`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_health_code_name(uint32_t code);

/**
 * How an account is, and what is wrong with it. The word alone is in `lk_account_status`, too.
 *
 * - `health`: where the word goes.
 * - `reasons`: where the list goes, of the same moment, yours to end with `lk_health_reason_list_free`; NULL if you do not want
 *   it. NULL is put there on failure.
 *
 * Any thread. Never waits for anything. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_health(const lk_manager *manager, lk_str cookie_id, lk_health *health, lk_health_reason_list **reasons);

/**
 * How many things are wrong; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_health_reason_list_count(const lk_health_reason_list *list);

/**
 * One of them.
 *
 * - `index`: from 0, below the list's count.
 * - `reason`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_health_reason_list_get(const lk_health_reason_list *list, size_t index, lk_health_reason *reason);

/**
 * Ends a list of reasons and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_health_reason_list_free(lk_health_reason_list *list);

/**
 * Sends a text into a chat, and tells how that ended.
 *
 * - `chat_id`, `user_id`: the chat and the buyer, without "@goofish".
 * - `text`: 1 to 20,000 bytes.
 * - `outcome`: where the outcome goes; its `size` must be set.
 * - `detail`: where the service's id of a delivered message goes, or its reason for a rejected one, yours to end with
 *   `lk_string_free`; NULL if you do not want it. NULL is put there on failure.
 * - `more_info`: where it goes what the service adds to its reason, such as `CSI_FORBID||…`, yours to end with `lk_string_free`;
 *   NULL if you do not want it. NULL is put there on failure, and where the service adds nothing.
 *
 * Any thread. Into one chat, messages go out in the order of the calls, no faster than `chat_send_rate_per_s` and
 * `send_rate_per_s`. Blocks until it may go out, usually not at all, and then for `answer_timeout_s` at the most, by default 10 s.
 * A rejected message and one whose fate is unknown are no errors: the outcome says so. Errors, where nothing was sent:
 * `LK_STATUS_NOT_CONNECTED` (also when the connection ends before it may go out), `LK_STATUS_AT_CAPACITY` (256 calls wait
 * already), `LK_STATUS_STORE_FAILED`, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_send_text(const lk_manager *manager,
                               lk_str cookie_id,
                               lk_str chat_id,
                               lk_str user_id,
                               lk_str text,
                               lk_send_outcome *outcome,
                               lk_string **detail,
                               lk_string **more_info);

/**
 * Sends a picture that the site already has into a chat, and tells how that ended. It keeps its order among the texts.
 *
 * - `url`: its `https` or `http` URL on the site's image host, at most 2,000 bytes.
 * - `width`, `height`: in pixels, 1 to 20,000.
 *
 * Any thread. Blocks, fails and keeps its order as `lk_manager_send_text` does. Errors: those of `lk_manager_send_text`.
 */
lk_status lk_manager_send_image(const lk_manager *manager,
                                lk_str cookie_id,
                                lk_str chat_id,
                                lk_str user_id,
                                lk_str url,
                                uint32_t width,
                                uint32_t height,
                                lk_send_outcome *outcome,
                                lk_string **detail,
                                lk_string **more_info);

/**
 * Answers nothing in a chat for a while, from now on; what came in meanwhile stays unanswered. Remembered over a restart of the
 * process. A chat in which the seller writes by hand is paused by itself, for the minutes of `lk_manager_set_pause_duration`.
 * `lk_manager_send_text` goes out all the same.
 *
 * - `chat_id`: the chat, without "@goofish".
 * - `minutes`: 1 to 525,600, from now on.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_pause_chat(const lk_manager *manager, lk_str cookie_id, lk_str chat_id, uint32_t minutes);

/**
 * Lets a paused chat be answered again, from the next message on. Resuming one that is not paused is fine.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_resume_chat(const lk_manager *manager, lk_str cookie_id, lk_str chat_id);

/**
 * Sets for how long a chat is left to a person who has written in it by hand. Remembered over a restart of the process.
 *
 * - `minutes`: 0 to 525,600; 0: not at all; a new account has 10.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_set_pause_duration(const lk_manager *manager, lk_str cookie_id, uint32_t minutes);

/**
 * The account's chats that are paused now, in the order of their ids.
 *
 * - `list`: where the list goes, yours to end with `lk_paused_chat_list_free`; NULL is put there on failure.
 *
 * Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_paused_chats(const lk_manager *manager, lk_str cookie_id, lk_paused_chat_list **list);

/**
 * How many chats a list has; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_paused_chat_list_count(const lk_paused_chat_list *list);

/**
 * One of them.
 *
 * - `index`: from 0, below the list's count.
 * - `chat`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_paused_chat_list_get(const lk_paused_chat_list *list, size_t index, lk_paused_chat *chat);

/**
 * Ends a list of chats and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_paused_chat_list_free(lk_paused_chat_list *list);

/**
 * The name of an `lk_decision`, such as `chat_paused`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_decision_name(uint32_t decision);

/**
 * What came for an account, the newest first, with what was decided about each message, by which rule, what was sent, and how
 * that ended.
 *
 * - `chat_id`: of this chat only, without "@goofish"; no text (`lk_str_of(NULL)`): of all of them.
 * - `limit`: at most so many messages, 1 to 10,000.
 * - `list`: where the list goes, yours to end with `lk_message_list_free`; NULL is put there on failure.
 *
 * Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_messages(const lk_manager *manager, lk_str cookie_id, lk_str chat_id, uint32_t limit, lk_message_list **list);

/**
 * How many messages a list has; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_message_list_count(const lk_message_list *list);

/**
 * One of them.
 *
 * - `index`: from 0, below the list's count.
 * - `message`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_message_list_get(const lk_message_list *list, size_t index, lk_message_trace *message);

/**
 * Ends a list of messages and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_message_list_free(lk_message_list *list);

/**
 * The name of an `lk_order_status`, such as `awaiting_shipment`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_order_status_name(uint32_t status);

/**
 * The name of an `lk_confirmation_state`, such as `confirmed`; `none` for `NONE`, `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_confirmation_state_name(uint32_t state);

/**
 * An account's orders, the newest first. They are kept for `keep_messages_days` after they have changed last.
 *
 * - `limit`: at most so many orders, 1 to 10,000.
 * - `list`: where the list goes, yours to end with `lk_order_list_free`; NULL is put there on failure.
 *
 * Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_orders(const lk_manager *manager, lk_str cookie_id, uint32_t limit, lk_order_list **list);

/**
 * One of an account's orders: a list of it, or an empty one where no such order is on record.
 *
 * - `list`: where the list goes, yours to end with `lk_order_list_free`; NULL is put there on failure.
 *
 * Any thread. Blocks while it is read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_order(const lk_manager *manager, lk_str cookie_id, lk_str order_id, lk_order_list **list);

/**
 * How many orders a list has; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_order_list_count(const lk_order_list *list);

/**
 * One of them.
 *
 * - `index`: from 0, below the list's count.
 * - `order`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_order_list_get(const lk_order_list *list, size_t index, lk_order *order);

/**
 * One status that a card has told of one of them; they stand in the order in which an order passes them.
 *
 * - `index`: the order's, from 0, below the list's count.
 * - `step_index`: from 0, below the order's `step_count`.
 * - `step`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_order_list_step(const lk_order_list *list, size_t index, size_t step_index, lk_order_step *step);

/**
 * Ends a list of orders and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_order_list_free(lk_order_list *list);

/**
 * Sets whether an order that comes to await shipment from now on has its shipment confirmed to the service by itself, once.
 * Orders that await it already are left as they are: `lk_manager_confirm_shipment`. An account that is paused confirms all the
 * same: it is no reply. Remembered over a restart of the process.
 *
 * - `on`: a new account has false.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
 * `LK_STATUS_FORKED`.
 */
lk_status lk_manager_update_auto_confirm_setting(const lk_manager *manager, lk_str cookie_id, bool on);

/**
 * Tells whether shipments are confirmed by themselves.
 *
 * Any thread. Blocks while it is read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_get_auto_confirm_setting(const lk_manager *manager, lk_str cookie_id, bool *on);

/**
 * Has the shipment of an order confirmed to the service, and tells how that ended. One that is confirmed already is not asked
 * for again; one that was refused, or of which nobody knows, is: by this call and never by itself.
 *
 * - `confirmation`: where it goes; its `size` must be set. `PENDING`: the account is not connected, or its session has ended
 *   first; it is confirmed as soon as it is connected again, and the event tells.
 * - `detail`: where the service's code and words of a refused one go, or what was seen in place of an answer, yours to end with
 *   `lk_string_free`; NULL if you do not want it. NULL is put there on failure.
 *
 * Any thread. Blocks until those that were asked for before and this one are answered, each within twice `api_timeout_s`, by
 * default 40 s. One that is refused or unknown is no error. Errors: `LK_STATUS_INVALID_ARGUMENT` for no such order, or one that
 * does not await shipment, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`,
 * `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_confirm_shipment(const lk_manager *manager,
                                      lk_str cookie_id,
                                      lk_str order_id,
                                      lk_confirmation *confirmation,
                                      lk_string **detail);

/**
 * Keeps a remark with an account, for people. It has no effect.
 *
 * - `remark`: 0 to 1,000 bytes; a new account has an empty one.
 *
 * Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
 * `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_set_remark(const lk_manager *manager, lk_str cookie_id, lk_str remark);

/**
 * The account's remark.
 *
 * - `remark`: where the text goes, yours to end with `lk_string_free`; NULL is put there on failure.
 *
 * Any thread. Blocks while it is read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_get_remark(const lk_manager *manager, lk_str cookie_id, lk_string **remark);

/**
 * Takes the accounts of today's most used Python program out of its SQLite file, which is opened to be read only and may be in use:
 * cookies, keywords, default replies, and whether each account is on, its remark, its user, its pause and whether it confirms
 * shipments. Columns that an older file does not have take their defaults; shipments are confirmed only where the file says so.
 *
 * It can be called again. An account that is here already is left as it is: only one that is parked, or has no cookie, takes that of
 * the file, if it is of the same Xianyu user.
 *
 * - `path`: the file.
 * - `report`: where the report goes, yours to end with `lk_import_report_free`; NULL is put there on failure.
 *
 * Any thread. Blocks until all accounts are on record. Errors: `LK_STATUS_NOT_A_DATABASE`, `LK_STATUS_INVALID_ARGUMENT` for a
 * store of livekeeper's own, `LK_STATUS_STORE_UNAVAILABLE` for a file that cannot be opened, `LK_STATUS_CORRUPT`; where nothing could
 * be stored `LK_STATUS_STORE_FAILED`, `LK_STATUS_DISK_FULL`, `LK_STATUS_DISK_FAILED`; `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_import_xianyu_db(const lk_manager *manager, lk_str path, lk_import_report **report);

/**
 * Takes accounts out of a document of `lk_manager_export_accounts`, each with its settings, rules and default replies, which take the
 * place of those of an account that is here already.
 *
 * A new account takes its login too; where the document leaves the secrets out it is parked, and waits for `lk_manager_update_cookie`.
 * An account that is here already keeps its own login; only one that is parked, or has no cookie, takes that of the document, if it
 * is of the same Xianyu user. An account of another user is refused.
 *
 * - `path`: the document.
 * - `passphrase`: what it was exported with; no text (`lk_str_of(NULL)`) where its secrets are left out.
 * - `report`: where the report goes, yours to end with `lk_import_report_free`; NULL is put there on failure.
 *
 * Any thread. Blocks until all accounts are on record. Errors: `LK_STATUS_WRONG_KEY` for another passphrase or a document that was
 * tampered with: nothing was changed; `LK_STATUS_INVALID_ARGUMENT`; those of `lk_manager_import_xianyu_db` for what could not be stored.
 */
lk_status lk_manager_import_accounts(const lk_manager *manager, lk_str path, lk_str passphrase, lk_import_report **report);

/**
 * Writes all accounts to a new file, as JSON, readable for its owner only: with their settings, rules and default replies; without
 * messages, orders and statistics.
 *
 * - `path`: where there is no file yet.
 * - `passphrase`: cookie, device, token and proxy of each account are sealed under it; 1 to 1,024 bytes. No text
 *   (`lk_str_of(NULL)`): they are left out.
 * - `count`: where the number of accounts goes; NULL if you do not want it.
 *
 * Any thread. Blocks until the file is on the disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_STORE_FAILED`,
 * `LK_STATUS_DISK_FULL`, `LK_STATUS_DISK_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_export_accounts(const lk_manager *manager, lk_str path, lk_str passphrase, size_t *count);

/**
 * Copies the store as it is at this moment to a new file, readable for its owner only, while everything goes on. The copy is a whole
 * store of its own. What is sealed in it is sealed with the store's own key: open it with that, as `key_file` where it is in the file
 * beside the store.
 *
 * - `path`: where there is no file yet.
 *
 * Any thread. Blocks until the copy is on the disk, 10 minutes at most. Errors: `LK_STATUS_INVALID_ARGUMENT`, also for a store in
 * memory; `LK_STATUS_STORE_FAILED`, `LK_STATUS_DISK_FULL`, `LK_STATUS_DISK_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_snapshot(const lk_manager *manager, lk_str path);

/**
 * Looks into a store, whether or not a manager runs on it, and tells as JSON what it holds: its accounts with their rules, the latest
 * messages with what was decided, and whether the file is sound. Nothing of a cookie, a token or a proxy is in it. The file is read
 * only, and nothing is made beside it, but a `-shm` beside a copy that came with its log.
 *
 * - `path`: the store.
 * - `limit`: so many messages at most, and so many rules of each account, 0 to 10,000.
 * - `json`: where the text goes, yours to end with `lk_string_free`; NULL is put there on failure.
 *
 * Any thread; it needs no manager. Blocks while the whole file is checked, 30 s of that at most. Errors: `LK_STATUS_NOT_A_DATABASE`,
 * `LK_STATUS_STORE_TOO_NEW`, `LK_STATUS_STORE_UNAVAILABLE`, `LK_STATUS_CORRUPT` where not even its beginning can be read,
 * `LK_STATUS_INVALID_ARGUMENT`.
 */
lk_status lk_inspect(lk_str path, uint32_t limit, lk_string **json);

/**
 * An import report in a few numbers.
 *
 * - `summary`: where they go; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_NULL_POINTER`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_import_report_summary(const lk_import_report *report, lk_import_summary *summary);

/**
 * What an import report says of one account.
 *
 * - `index`: from 0, in the order of the ids, below the summary's `account_count`.
 * - `account`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_NULL_POINTER`,
 * `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_import_report_account(const lk_import_report *report, size_t index, lk_imported_account *account);

/**
 * Ends an import report and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_import_report_free(lk_import_report *report);

/**
 * A report in a few numbers.
 *
 * - `summary`: where they go; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_NULL_POINTER`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_stop_report_summary(const lk_stop_report *report, lk_stop_summary *summary);

/**
 * What a report says of one account.
 *
 * - `index`: from 0, in the order of the ids, below the summary's `account_count`.
 * - `account`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_NULL_POINTER`,
 * `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_stop_report_account(const lk_stop_report *report, size_t index, lk_account_stop *account);

/**
 * Ends a report and its texts. NULL is fine. Any thread. Does not block.
 */
void lk_stop_report_free(lk_stop_report *report);

/**
 * The name of an `lk_event_kind`, such as `state_changed`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_event_kind_name(uint32_t kind);

/**
 * Ends what an event holds, and empties it: it is as after `LK_EVENT_INIT`, and can be used again. NULL and an empty event are
 * fine; of an event that was copied, end one copy only. Any thread. Does not block.
 */
void lk_event_free(lk_event *event);

/**
 * Begins to read what happens in a manager, from now on.
 *
 * Nothing is kept while nobody reads, so begin before what you want to hear of; then look at how things stand
 * (`lk_manager_status`), and you miss nothing. A reader that falls behind by more than `event_queue` events loses the oldest
 * and hears how many.
 *
 * - `events`: where the reader goes, yours to end with `lk_events_free`, before or after the manager; NULL is put there on
 *   failure.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_events(const lk_manager *manager, lk_events **events);

/**
 * Waits for the next event.
 *
 * ```c
 * lk_event event = LK_EVENT_INIT;
 * while (lk_events_next(events, LK_FOREVER, &event) == LK_STATUS_OK) {
 *     printf("%s: %s\n", event.cookie_id.data, lk_event_kind_name(event.kind));
 *     lk_event_free(&event);
 * }
 * ```
 *
 * - `timeout_ms`: milliseconds; 0 looks without waiting, `LK_FOREVER` waits until there is one or the manager is closed.
 * - `event`: where it goes; its `size` must be set. What was in it is written over, so end that first with `lk_event_free`; it
 *   is empty after a failure.
 *
 * `LK_STATUS_OK`: there is an event; that of the kind `LK_EVENT_KIND_LAGGED` says how many were lost before the next one.
 * `LK_STATUS_TIMED_OUT`: nothing happened in time; ask again when you like. `LK_STATUS_CLOSED`: the manager is closed, and all
 * was read; nothing comes any more.
 *
 * Any thread; threads that ask the same reader at the same time take turns, each event goes to one of them. Blocks for
 * `timeout_ms` at the most. Other errors: `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_events_next(const lk_events *events, uint32_t timeout_ms, lk_event *event);

/**
 * A file descriptor that is readable as long as the reader has something to tell: for poll, select, epoll or kqueue, level-triggered.
 * No news is missed, however late you look.
 *
 * When it is readable, call `lk_events_next` with a timeout of 0, once or until it answers `LK_STATUS_TIMED_OUT`; that makes the
 * descriptor unreadable. Never read from it, write to it or close it: on Linux it is an eventfd, on other systems the
 * reading end of a pipe. It is made by the first call, always the same, closed on exec, and valid until the reader is freed. When the manager is closed it stays readable, and `lk_events_next` answers
 * `LK_STATUS_CLOSED`: take it out of your poll then.
 *
 * - `fd`: where it goes; -1 is put there on failure.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_FORKED`, `LK_STATUS_RUNTIME_UNAVAILABLE` where the process may open no more files.
 */
lk_status lk_events_fd(const lk_events *events,
                       int *fd);

/**
 * The next event of the manager's own reader: `lk_events_next` without a reader to make and to free. The reader begins with the first
 * call of this or `lk_manager_event_fd`, and hears what happens from then on; from then on, too, it keeps what is not read,
 * `event_queue` events at the most.
 *
 * - `timeout_ms`: milliseconds; 0 looks without waiting, `LK_FOREVER` waits until there is one or the manager is closed.
 * - `event`: where it goes, as with `lk_events_next`; its `size` must be set.
 *
 * Any thread; of several that ask, each event goes to one. Blocks for `timeout_ms` at the most. Errors: `LK_STATUS_TIMED_OUT`,
 * `LK_STATUS_CLOSED` when the manager is closed and all was read, `LK_STATUS_FORKED`, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_manager_next_event(const lk_manager *manager, uint32_t timeout_ms, lk_event *event);

/**
 * A file descriptor that is readable while `lk_manager_next_event` has something to tell: for poll, select, epoll or kqueue,
 * level-triggered; on Linux an eventfd, else the end of a pipe. All else is as with `lk_events_fd`; it is valid until the manager is
 * freed.
 *
 * - `fd`: where it goes; -1 is put there on failure.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`, `LK_STATUS_RUNTIME_UNAVAILABLE` where the process may
 * open no more files.
 */
lk_status lk_manager_event_fd(const lk_manager *manager, int *fd);

/**
 * Ends a reader; the manager goes on. NULL is fine. Any thread. Does not block.
 */
void lk_events_free(lk_events *events);

/**
 * Has a function of yours told of what happens, over all accounts, from now on, in the place of an earlier one. One event after the
 * other, in their order; an event of the kind `LK_EVENT_KIND_LAGGED` says how many were lost because it is too slow.
 *
 * - `function`: the function; NULL takes an earlier one away. It is called on a thread of the library's that is there for it, with no
 *   lock held: it may block, and may call every function of the interface, this one too. It must return: an exception of C++ or a
 *   longjmp out of it ends the process.
 * - `user_data`: handed to each call; may be NULL.
 * - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. It is called exactly once, after the last call of the function:
 *   when it was replaced or taken away, or when it has been told of all that happened until the manager was closed or freed; at once
 *   where this call fails, or `function` is NULL.
 *
 * When this returns, no call of the earlier function runs any more, and its data is ended: the call under way is waited for. Called from
 * inside that function, it does not wait: the function is not called again, and its data is ended when it has returned. After
 * `lk_manager_close`, a function can still be taken away, and what it has not been told yet it is not told then.
 *
 * Any thread; do not hold a lock that the earlier function takes. Blocks for as long as a call of the earlier function runs. Errors:
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`, `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_WOULD_DEADLOCK`.
 */
lk_status lk_manager_set_event_callback(const lk_manager *manager,
                                        lk_event_callback function,
                                        void *user_data,
                                        lk_free_user_data free_user_data);

/**
 * Waits until a call is over, and tells how it ended: `LK_STATUS_OK`, or the error that the call would have answered, had it been
 * waited for at once.
 *
 * - `timeout_ms`: milliseconds; 0 looks without waiting, `LK_FOREVER` waits until it is over.
 *
 * Any thread, several at the same time, as often as you like. Blocks for `timeout_ms` at the most. Errors: `LK_STATUS_NOT_OVER` when
 * the time ran out, `LK_STATUS_CANCELLED` after `lk_call_cancel`, `LK_STATUS_WOULD_DEADLOCK`, `LK_STATUS_FORKED`, and those of the
 * call itself.
 */
lk_status lk_call_wait(const lk_call *call, uint32_t timeout_ms);

/**
 * Has a function of yours told when a call is over. It is called exactly once, whatever comes: also when the call is over already,
 * is cancelled, when your handle of it is freed before, and when the manager is closed or freed.
 *
 * - `function`: called on the manager's dispatch thread, never in this call, with no lock held. It may call every function of the
 *   interface; while it runs, other calls of this manager that are over wait to be told. It must return: an exception of C++ or a
 *   longjmp out of it ends the process.
 * - `user_data`: handed to it; may be NULL.
 * - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. Called exactly once: after the function has returned, or at
 *   once where this call fails.
 *
 * Any thread; several functions may be told of one call. Does not block. Errors: `LK_STATUS_NULL_POINTER`,
 * `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_FORKED`; after one, the function is not called.
 */
lk_status lk_call_on_done(const lk_call *call, lk_on_done function, void *user_data, lk_free_user_data free_user_data);

/**
 * Gives up waiting for a call: it is over, with `LK_STATUS_CANCELLED`, for all who wait for it or are to be told. The work itself
 * goes on: a message may still go out, an account may still be removed. Of a call that is over: nothing.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_FORKED`.
 */
lk_status lk_call_cancel(const lk_call *call);

/**
 * What became of a message: of a call that was begun with `lk_manager_send_text_begin` or `lk_manager_send_image_begin`.
 *
 * - `outcome`, `detail`, `more_info`: as for `lk_manager_send_text`.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb,
 * `LK_STATUS_WRONG_SIZE`, and those of the call itself.
 */
lk_status lk_call_send_outcome(const lk_call *call, lk_send_outcome *outcome, lk_string **detail, lk_string **more_info);

/**
 * How the account was when the wait was over: of a call that was begun with `lk_manager_wait_for_begin`.
 *
 * - `status`, `reason`: as for `lk_manager_status`.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb,
 * `LK_STATUS_WRONG_SIZE`, and those of the call itself.
 */
lk_status lk_call_account_status(const lk_call *call, lk_account_status *status, lk_string **reason);

/**
 * How the confirmation of a shipment ended: of a call that was begun with `lk_manager_confirm_shipment_begin`.
 *
 * - `confirmation`, `detail`: as for `lk_manager_confirm_shipment`.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb,
 * `LK_STATUS_WRONG_SIZE`, and those of the call itself.
 */
lk_status lk_call_confirmation(const lk_call *call, lk_confirmation *confirmation, lk_string **detail);

/**
 * What closing the manager came to: of a call that was begun with `lk_manager_close_begin`.
 *
 * - `report`: where the report goes, yours to end with `lk_stop_report_free`; NULL is put there on failure.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_NOT_OVER`, `LK_STATUS_INVALID_ARGUMENT` for a call of another verb, and those of the
 * call itself.
 */
lk_status lk_call_stop_report(const lk_call *call, lk_stop_report **report);

/**
 * Ends a call's handle. The work goes on, and functions that are to be told are told. NULL is fine.
 *
 * Any thread. Does not block.
 */
void lk_call_free(lk_call *call);

/**
 * Begins `lk_manager_add_cookie_with`: adding an account, or replacing the cookie of one that exists.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_WRONG_SIZE`; all others are those of the call.
 */
lk_status lk_manager_add_cookie_begin(const lk_manager *manager,
                                      lk_str cookie_id,
                                      lk_str cookie_value,
                                      const lk_account_options *options,
                                      lk_call **call);

/**
 * Begins `lk_manager_remove_cookie`: stopping an account and removing it.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_remove_cookie_begin(const lk_manager *manager,
                                         lk_str cookie_id,
                                         lk_call **call);

/**
 * Begins `lk_manager_update_cookie`: giving an account a new cookie.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_update_cookie_begin(const lk_manager *manager,
                                         lk_str cookie_id,
                                         lk_str cookie_value,
                                         lk_call **call);

/**
 * Begins `lk_manager_update_cookie_status`: switching an account on or off.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_update_cookie_status_begin(const lk_manager *manager,
                                                lk_str cookie_id,
                                                bool enabled,
                                                lk_call **call);

/**
 * Begins `lk_manager_restart`: ending an account's session and starting it anew.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_restart_begin(const lk_manager *manager,
                                   lk_str cookie_id,
                                   lk_call **call);

/**
 * Begins `lk_manager_set_proxy`: having an account go through a proxy.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_set_proxy_begin(const lk_manager *manager,
                                     lk_str cookie_id,
                                     lk_str proxy,
                                     lk_call **call);

/**
 * Begins `lk_manager_wait_for`: waiting until an account is as wanted. `lk_call_account_status` tells how it was then.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`, `LK_STATUS_INVALID_ARGUMENT` for a state that is none; all others are those of the call.
 */
lk_status lk_manager_wait_for_begin(const lk_manager *manager,
                                    lk_str cookie_id,
                                    uint32_t state,
                                    uint32_t connection,
                                    double timeout_s,
                                    lk_call **call);

/**
 * Begins `lk_manager_send_text`: sending a text into a chat. `lk_call_send_outcome` tells what became of it. Messages into one chat go out
 * in the order in which they were begun.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_send_text_begin(const lk_manager *manager,
                                     lk_str cookie_id,
                                     lk_str chat_id,
                                     lk_str user_id,
                                     lk_str text,
                                     lk_call **call);

/**
 * Begins `lk_manager_send_image`: sending a picture into a chat. `lk_call_send_outcome` tells what became of it.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_send_image_begin(const lk_manager *manager,
                                      lk_str cookie_id,
                                      lk_str chat_id,
                                      lk_str user_id,
                                      lk_str url,
                                      uint32_t width,
                                      uint32_t height,
                                      lk_call **call);

/**
 * Begins `lk_manager_confirm_shipment`: confirming the shipment of an order. `lk_call_confirmation` tells how that ended.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_NOT_UTF8`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_confirm_shipment_begin(const lk_manager *manager,
                                            lk_str cookie_id,
                                            lk_str order_id,
                                            lk_call **call);

/**
 * Begins `lk_manager_close`: stopping every account, and closing the store. `lk_call_stop_report` tells what it came to.
 *
 * - `call`: where the call goes, yours to end with `lk_call_free`; NULL is put there on failure. `lk_call_wait` tells how it ended, and
 *   `lk_call_on_done` has a function told.
 *
 * Any thread. Does not block. Errors, where nothing was begun: `LK_STATUS_NULL_POINTER`, `LK_STATUS_INVALID_HANDLE`; all others are those of the call.
 */
lk_status lk_manager_close_begin(const lk_manager *manager,
                                 double timeout_s,
                                 lk_call **call);

/**
 * The name of an `lk_capacity_kind`, such as `file_descriptors`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_capacity_kind_name(uint32_t kind);

/**
 * The name of an `lk_capacity_level`, such as `near`; `unknown` for a number that is none.
 *
 * Never NULL, and valid for ever. Any thread. Does not block.
 */
const char *lk_capacity_level_name(uint32_t level);

/**
 * Looks at what is used of everything that has a bound.
 *
 * - `capacity`: where it goes, yours to end with `lk_capacity_free`; NULL is put there on failure.
 *
 * Any thread. Blocks for about a millisecond, the system being asked. Errors: `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_capacity(const lk_manager *manager, lk_capacity **capacity);

/**
 * When the look was taken, in milliseconds since 1970 UTC; 0 of NULL.
 *
 * Any thread. Does not block.
 */
int64_t lk_capacity_at_ms(const lk_capacity *capacity);

/**
 * How many things there are; 0 of NULL.
 *
 * Any thread. Does not block.
 */
size_t lk_capacity_count(const lk_capacity *capacity);

/**
 * One of them.
 *
 * - `index`: from 0, in the order of the kinds' numbers, below the count.
 * - `item`: where it goes; its `size` must be set.
 *
 * Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
 */
lk_status lk_capacity_get(const lk_capacity *capacity, size_t index, lk_capacity_item *item);

/**
 * Ends a look at the capacity. NULL is fine. Any thread. Does not block.
 */
void lk_capacity_free(lk_capacity *capacity);

/**
 * A manager's figures in the `OpenMetrics` form, which Prometheus and others read: how many accounts stand how, what they have
 * done, the capacity. Serve it as `application/openmetrics-text; version=1.0.0; charset=utf-8`.
 *
 * - `per_account`: whether to add series for each account, a few lines more for each of them; their label is the `cookie_id`.
 * - `text`: where the text goes, yours to end with `lk_string_free`; NULL is put there on failure.
 *
 * Any thread. Blocks for about a millisecond, and with `per_account` a little longer for many accounts. Errors:
 * `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
 */
lk_status lk_manager_metrics_text(const lk_manager *manager, bool per_account, lk_string **text);

/**
 * Has a function of yours get the library's log, of all managers of this process, in the place of an earlier one. No line holds a
 * cookie, a token or a password.
 *
 * - `function`: the function; NULL takes an earlier one away. It is called on a thread of the library's that is there for it, one line
 *   after the other, with no lock held, and may call every function of the interface; what that logs on this very thread is left
 *   out. While it is slow, 10,000 lines wait; then the oldest are lost, and a line says how many. It must return: an exception of C++
 *   or a longjmp out of it ends the process.
 * - `level`: an `lk_log_level`; what matters less is left out. Of no meaning where `function` is NULL.
 * - `user_data`: handed to each call; may be NULL.
 * - `free_user_data`: ends `user_data`; NULL: nothing is to be ended. It is called exactly once, after the last call of the function,
 *   when it was replaced or taken away; at once where this call fails, or `function` is NULL.
 *
 * When this returns, the earlier function has got every line that was logged before, no call of it runs any more, and its data is ended.
 * Called from inside that function, it does not wait.
 *
 * Any thread; do not hold a lock that the earlier function takes. Blocks until the earlier function has returned. Errors:
 * `LK_STATUS_INVALID_ARGUMENT` for a level that is none, and in a program of Rust's that has a `tracing` subscriber of its own;
 * `LK_STATUS_RUNTIME_UNAVAILABLE`, `LK_STATUS_WOULD_DEADLOCK`.
 */
lk_status lk_set_log_hook(lk_log_hook function, uint32_t level, void *user_data, lk_free_user_data free_user_data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LIVEKEEPER_H */
