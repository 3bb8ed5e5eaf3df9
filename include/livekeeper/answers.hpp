// What functions of yours are asked, and answers that come later.
#ifndef LIVEKEEPER_ANSWERS_HPP
#define LIVEKEEPER_ANSWERS_HPP

#include <livekeeper/replies.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace livekeeper {

// A buyer's message that a reply handler is asked about.
struct ChatMessage {
    std::string cookie_id{};
    std::string message_id{};
    std::string chat_id{};
    std::string sender_id{};
    std::string sender_name{};
    std::string text{};
    std::optional<std::string> item_id{};
    std::optional<TimePoint> created_at{};
};

// What a cookie provider is asked for: a new cookie of the same user.
struct CookieRequest {
    std::string cookie_id{};
    std::string unb{};
    ReasonCode reason{};
};

namespace detail {

// Whether the stack is being unwound since then: an answer that goes with it was left behind by an exception.
class Unwinding {
public:
    bool has_begun() const noexcept { return std::uncaught_exceptions() > before_; }

private:
    int before_ = std::uncaught_exceptions();
};

// Answers with a content; an empty one says that nothing is to be sent.
inline void say(lk_reply *reply, const ReplyContent &content) {
    if (content.text.empty() && !content.picture)
        return check(lk_reply_set_nothing(reply));
    if (!content.text.empty())
        check(lk_reply_set_text(reply, lend(content.text)));
    if (const std::optional<Picture> &shown = content.picture)
        check(lk_reply_set_picture(reply, lend(shown->url), shown->width, shown->height));
}

} // namespace detail

// An answer of a reply handler that may come later, from any thread: it is given when this is destroyed. Where nothing was said by
// then, or it comes too late, the default reply is said; where an exception destroys it, the handler has failed.
class Reply {
public:
    Reply(Reply &&) noexcept = default;
    Reply &operator=(Reply &&) noexcept = default;
    ~Reply() {
        if (reply_ && unwinding_.has_begun())
            lk_reply_fail(reply_.get(), detail::lend("an exception has left the reply handler"));
    }

    void set(const ReplyContent &content) { detail::say(reply_.get(), content); }

    // The handler has failed: it is counted, and the default reply is said. The sentence is for the log; no credentials.
    void fail(std::string_view sentence) { detail::check(lk_reply_fail(reply_.get(), detail::lend(sentence))); }

    // Whether somebody still waits for it.
    bool is_wanted() const noexcept { return lk_reply_is_wanted(reply_.get()); }

    // Not for users: takes over what C has handed to a handler.
    static Reply keep(lk_reply *reply) {
        detail::check(lk_reply_keep(reply));
        return Reply(reply);
    }

private:
    explicit Reply(lk_reply *reply) noexcept : reply_(reply) {}

    detail::Owned<lk_reply> reply_;
    detail::Unwinding unwinding_;
};

// An answer of a cookie provider that may come later, from any thread: it is given when this is destroyed. Where nothing was said by
// then, there is no cookie; where an exception destroys it, the provider has failed.
class CookieAnswer {
public:
    CookieAnswer(CookieAnswer &&) noexcept = default;
    CookieAnswer &operator=(CookieAnswer &&) noexcept = default;
    ~CookieAnswer() {
        if (answer_ && unwinding_.has_begun())
            lk_cookie_answer_fail(answer_.get(), detail::lend("an exception has left the cookie provider"));
    }

    void set(std::string_view cookie_value) { detail::check(lk_cookie_answer_set(answer_.get(), detail::lend(cookie_value))); }

    // There is no cookie, and why, for people; no credentials.
    void fail(std::string_view sentence) { detail::check(lk_cookie_answer_fail(answer_.get(), detail::lend(sentence))); }

    // Whether somebody still waits for it.
    bool is_wanted() const noexcept { return lk_cookie_answer_is_wanted(answer_.get()); }

    // Not for users: takes over what C has handed to a provider.
    static CookieAnswer keep(lk_cookie_answer *answer) {
        detail::check(lk_cookie_answer_keep(answer));
        return CookieAnswer(answer);
    }

private:
    explicit CookieAnswer(lk_cookie_answer *answer) noexcept : answer_(answer) {}

    detail::Owned<lk_cookie_answer> answer_;
    detail::Unwinding unwinding_;
};

namespace detail {

inline ChatMessage chat_message(const lk_chat_message &asked) {
    return {text(asked.cookie_id),   text(asked.message_id), text(asked.chat_id),          text(asked.sender_id),
            text(asked.sender_name), text(asked.text),       optional_text(asked.item_id), optional_moment(asked.created_at_ms)};
}

inline CookieRequest cookie_request(const lk_cookie_request &asked) {
    return {text(asked.cookie_id), text(asked.unb), asked.reason};
}

} // namespace detail
} // namespace livekeeper

#endif
