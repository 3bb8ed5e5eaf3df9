// Exceptions that leave a function of yours. They never go into the library, which is not C++.
#ifndef LIVEKEEPER_EXCEPTIONS_HPP
#define LIVEKEEPER_EXCEPTIONS_HPP

#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace livekeeper {

// Is told which function was left by an exception, such as "event callback", and what() it said.
using ExceptionHandler = std::function<void(const char *function, const char *what)>;

namespace detail {

struct ExceptionReports {
    std::mutex turn;
    std::shared_ptr<const ExceptionHandler> handler;

    static ExceptionReports &all() {
        static ExceptionReports reports;
        return reports;
    }
};

inline void report(const char *function, const char *what) noexcept {
    try {
        ExceptionReports &reports = ExceptionReports::all();
        std::unique_lock<std::mutex> turn(reports.turn);
        const std::shared_ptr<const ExceptionHandler> handler = reports.handler;
        turn.unlock();
        if (handler && *handler)
            (*handler)(function, what);
        else
            std::fprintf(stderr, "livekeeper: an exception has left the %s: %s\n", function, what);
    } catch (...) {
        // There is nobody left to tell.
    }
}

// Does what a function of the user's has to do; an exception is reported, and then told to `and_then`.
template <typename Work, typename AndThen> void guarded(const char *function, Work work, AndThen and_then) noexcept {
    try {
        work();
    } catch (const std::exception &problem) {
        report(function, problem.what());
        and_then(problem.what());
    } catch (...) {
        report(function, "it is no std::exception");
        and_then("an exception that is no std::exception");
    }
}

template <typename Work> void guarded(const char *function, Work work) noexcept {
    guarded(function, std::move(work), [](const char *) {});
}

} // namespace detail

// Has exceptions that leave functions of yours told to this one, in the place of standard error; an empty one undoes that. It is called
// where they were caught, maybe on several threads at the same time.
inline void set_exception_handler(ExceptionHandler handler) {
    auto shared = std::make_shared<const ExceptionHandler>(std::move(handler));
    detail::ExceptionReports &reports = detail::ExceptionReports::all();
    const std::lock_guard<std::mutex> turn(reports.turn);
    reports.handler = std::move(shared);
}

} // namespace livekeeper

#endif
