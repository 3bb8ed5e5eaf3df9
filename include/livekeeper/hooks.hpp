// Functions of C that call functions of C++. Nothing here is for users.
#ifndef LIVEKEEPER_HOOKS_HPP
#define LIVEKEEPER_HOOKS_HPP

#include <livekeeper/answers.hpp>
#include <livekeeper/events.hpp>
#include <livekeeper/exceptions.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace livekeeper {
namespace detail {

// A function on the heap: C has the only pointer to it, and ends it once.
template <typename Function> void *on_heap(Function &&function) {
    return std::make_unique<std::decay_t<Function>>(std::forward<Function>(function)).release();
}

template <typename Function> struct Hook {
    static Function &of(void *user_data) noexcept { return *static_cast<Function *>(user_data); }

    static void free(void *user_data) noexcept { delete static_cast<Function *>(user_data); }

    static void event(void *user_data, const lk_event *seen) noexcept {
        guarded("event callback", [&] {
            const Event told = detail::event(*seen);
            of(user_data)(told);
        });
    }

    static void log(void *user_data, LogLevel level, lk_str target, lk_str message) noexcept {
        guarded("log hook", [&] {
            of(user_data)(level, std::string_view(target.data, target.length), std::string_view(message.data, message.length));
        });
    }

    static void reply(void *user_data, const lk_chat_message *asked, lk_reply *reply) noexcept {
        guarded("reply handler", [&] { answer(of(user_data), chat_message(*asked), reply); },
                [&](const char *what) { lk_reply_fail(reply, lend(what)); });
    }

    static void cookie(void *user_data, const lk_cookie_request *asked, lk_cookie_answer *answer) noexcept {
        guarded("cookie provider", [&] { provide(of(user_data), cookie_request(*asked), answer); },
                [&](const char *what) { lk_cookie_answer_fail(answer, lend(what)); });
    }

private:
    static void answer(Function &function, const ChatMessage &message, lk_reply *reply) {
        if constexpr (std::is_invocable_v<Function &, const ChatMessage &, Reply>) {
            function(message, Reply::keep(reply));
        } else {
            const std::optional<ReplyContent> said(function(message));
            if (said)
                say(reply, *said);
        }
    }

    static void provide(Function &function, const CookieRequest &request, lk_cookie_answer *answer) {
        if constexpr (std::is_invocable_v<Function &, const CookieRequest &, CookieAnswer>) {
            function(request, CookieAnswer::keep(answer));
        } else {
            const std::optional<std::string> cookie(function(request));
            if (cookie)
                check(lk_cookie_answer_set(answer, lend(*cookie)));
        }
    }
};

} // namespace detail
} // namespace livekeeper

#endif
