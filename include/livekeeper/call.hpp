// Calls that were begun, and are waited for later.
#ifndef LIVEKEEPER_CALL_HPP
#define LIVEKEEPER_CALL_HPP

#include <livekeeper/hooks.hpp>
#include <livekeeper/messages.hpp>
#include <livekeeper/orders.hpp>
#include <livekeeper/reports.hpp>
#include <livekeeper/status.hpp>

#include <future>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace livekeeper {
namespace detail {

// What a call that is over has brought, by its type.
template <typename Result> Result result(const lk_call *call, const std::string &cookie_id);

template <> inline void result<void>(const lk_call *call, const std::string &) { check(lk_call_wait(call, 0)); }

template <> inline SendOutcome result<SendOutcome>(const lk_call *call, const std::string &) {
    lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
    Owned<lk_string> detail, more_info;
    check(lk_call_send_outcome(call, &outcome, Into(detail), Into(more_info)));
    return {outcome.result, outcome.code, text(detail), text(more_info)};
}

template <> inline Status result<Status>(const lk_call *call, const std::string &cookie_id) {
    lk_account_status seen = LK_ACCOUNT_STATUS_INIT;
    Owned<lk_string> reason;
    check(lk_call_account_status(call, &seen, Into(reason)));
    return status(seen, cookie_id, text(reason));
}

template <> inline Confirmation result<Confirmation>(const lk_call *call, const std::string &) {
    lk_confirmation seen = LK_CONFIRMATION_INIT;
    Owned<lk_string> detail;
    check(lk_call_confirmation(call, &seen, Into(detail)));
    return {seen.state, moment(seen.at_ms), text(detail)};
}

template <> inline StopReport result<StopReport>(const lk_call *call, const std::string &) {
    Owned<lk_stop_report> report;
    check(lk_call_stop_report(call, Into(report)));
    return stop_report(report.get());
}

} // namespace detail

// A call that is over, as a function of yours is told of it; not to be kept beyond that.
template <typename Result> class Done {
public:
    // LK_STATUS_OK, or why it failed.
    Code code() const noexcept { return code_; }

    // What it has brought, or its failure as an Error.
    Result get() const { return detail::result<Result>(call_, cookie_id_); }

private:
    template <typename> friend class Call;
    Done(const lk_call *call, Code code, const std::string &cookie_id) noexcept : call_(call), code_(code), cookie_id_(cookie_id) {}

    const lk_call *call_;
    Code code_;
    const std::string &cookie_id_;
};

// A call that was begun. Destroying this ends neither the work nor what is to be told of it.
template <typename Result> class Call {
public:
    // Waits until it is over, for what it has brought or its failure as an Error; as often as you like.
    Result get() const {
        is_over(forever);
        return detail::result<Result>(call_.get(), cookie_id_);
    }

    // Waits until it is over, and tells whether it is; how it ended, get() tells.
    bool is_over(Milliseconds timeout = Milliseconds::zero()) const {
        const Code code = lk_call_wait(call_.get(), detail::milliseconds(timeout));
        // These are about the wait, not about the call.
        if (code == LK_STATUS_WOULD_DEADLOCK || code == LK_STATUS_FORKED || code == LK_STATUS_NULL_POINTER)
            detail::fail(code);
        return code != LK_STATUS_NOT_OVER;
    }

    // Gives up the wait, for all who wait: it is over, with LK_STATUS_CANCELLED. The work itself goes on.
    void cancel() const { detail::check(lk_call_cancel(call_.get())); }

    // Has a function told once it is over, exactly once: function(const Done<Result> &), on the manager's dispatch thread.
    template <typename Function> void on_done(Function &&function) const {
        using Told = ToldOf<std::decay_t<Function>>;
        static_assert(std::is_invocable_v<std::decay_t<Function> &, const Done<Result> &>, "it takes a const Done<Result> &");
        void *told = detail::on_heap(Told{std::forward<Function>(function), cookie_id_});
        detail::check(lk_call_on_done(call_.get(), Told::call, told, detail::Hook<Told>::free));
    }

    // The same call as a future.
    std::future<Result> future() const {
        std::promise<Result> promise;
        std::future<Result> future = promise.get_future();
        on_done([promise = std::move(promise)](const Done<Result> &done) mutable { fulfil(promise, done); });
        return future;
    }

private:
    friend class Manager;
    Call(detail::Owned<lk_call> call, std::string cookie_id) noexcept : call_(std::move(call)), cookie_id_(std::move(cookie_id)) {}

    template <typename Function> struct ToldOf {
        Function function;
        std::string cookie_id;

        static void call(void *user_data, Code code, const lk_call *call) noexcept {
            ToldOf &told = detail::Hook<ToldOf>::of(user_data);
            detail::guarded("function that is told of a call", [&] { told.function(Done<Result>(call, code, told.cookie_id)); });
        }
    };

    static void fulfil(std::promise<Result> &promise, const Done<Result> &done) {
        try {
            if constexpr (std::is_void_v<Result>) {
                done.get();
                promise.set_value();
            } else {
                promise.set_value(done.get());
            }
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
    }

    detail::Owned<lk_call> call_;
    std::string cookie_id_;
};

} // namespace livekeeper

#endif
