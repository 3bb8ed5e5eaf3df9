// Messages, and what came of them.
#ifndef LIVEKEEPER_MESSAGES_HPP
#define LIVEKEEPER_MESSAGES_HPP

#include <livekeeper/replies.hpp>

#include <optional>
#include <string>
#include <vector>

namespace livekeeper {

// What became of a message of yours. Rejected and unknown are no errors.
struct SendOutcome {
    SendResult result{};
    // The code of the service's answer where it was rejected; otherwise 0.
    int64_t code{};
    // The service's id of a delivered message, its reason for a rejected one.
    std::string detail{};
    // What the service adds to its reason.
    std::string more_info{};

    bool is_delivered() const noexcept { return result == LK_SEND_RESULT_DELIVERED; }
};

// A send in answer to a message.
struct Sent {
    // How it ended; none while it is under way.
    std::optional<SendOutcome> outcome{};
    TimePoint created_at{};
    std::optional<TimePoint> closed_at{};
};

struct SentText : Sent {
    std::string text{};
};

struct SentPicture : Sent {
    Picture picture{};
};

// One message, and what came of it: see lk_message_trace.
struct MessageTrace {
    std::string message_id{};
    std::string chat_id{};
    // "chat", "own", "order" or "card_update".
    std::string kind{};
    std::string sender_id{};
    std::string sender_name{};
    std::string text{};
    std::optional<std::string> item_id{};
    // By the service's clock, if it says when.
    std::optional<TimePoint> created_at{};
    TimePoint received_at{};
    // LK_DECISION_UNKNOWN while it waits.
    Decision decision{};
    std::string decision_text{};
    // The rule that decided: its place in the list as it was then, from 1.
    std::optional<uint32_t> rule{};
    std::optional<std::string> folded_into{};
    std::optional<SentText> reply{};
    std::optional<SentPicture> picture{};
};

// A chat in which nothing is answered for now.
struct PausedChat {
    std::string chat_id{};
    TimePoint paused_until{};
};

namespace detail {

inline Sent sent(bool has_ended, SendOutcome outcome, int64_t created_at_ms, int64_t closed_at_ms) {
    Sent sent;
    if (has_ended)
        sent.outcome = std::move(outcome);
    sent.created_at = moment(created_at_ms);
    sent.closed_at = optional_moment(closed_at_ms);
    return sent;
}

inline std::optional<SentText> sent_text(const lk_message_trace &seen) {
    if (!seen.has_reply)
        return std::nullopt;
    SendOutcome outcome{seen.reply_result, seen.reply_code, text(seen.reply_detail), text(seen.reply_more_info)};
    return SentText{sent(seen.reply_has_ended, std::move(outcome), seen.reply_created_at_ms, seen.reply_closed_at_ms), text(seen.reply_text)};
}

inline std::optional<SentPicture> sent_picture(const lk_message_trace &seen) {
    if (!seen.has_picture)
        return std::nullopt;
    SendOutcome outcome{seen.picture_result, seen.picture_code, text(seen.picture_detail), text(seen.picture_more_info)};
    return SentPicture{sent(seen.picture_has_ended, std::move(outcome), seen.picture_created_at_ms, seen.picture_closed_at_ms),
                       Picture{text(seen.picture_url), seen.picture_width, seen.picture_height}};
}

inline std::vector<MessageTrace> messages(const lk_message_list *list) {
    return entries<MessageTrace>(lk_message_list_count(list), [&](std::size_t index) {
        lk_message_trace seen = LK_MESSAGE_TRACE_INIT;
        check(lk_message_list_get(list, index, &seen));
        MessageTrace message;
        message.message_id = text(seen.message_id);
        message.chat_id = text(seen.chat_id);
        message.kind = text(seen.kind);
        message.sender_id = text(seen.sender_id);
        message.sender_name = text(seen.sender_name);
        message.text = text(seen.text);
        message.item_id = optional_text(seen.item_id);
        message.created_at = optional_moment(seen.created_at_ms);
        message.received_at = moment(seen.received_at_ms);
        message.decision = seen.decision;
        message.decision_text = text(seen.decision_text);
        message.rule = seen.rule ? std::optional<uint32_t>(seen.rule) : std::nullopt;
        message.folded_into = optional_text(seen.folded_into);
        message.reply = sent_text(seen);
        message.picture = sent_picture(seen);
        return message;
    });
}

inline std::vector<PausedChat> paused_chats(const lk_paused_chat_list *list) {
    return entries<PausedChat>(lk_paused_chat_list_count(list), [&](std::size_t index) {
        lk_paused_chat seen = LK_PAUSED_CHAT_INIT;
        check(lk_paused_chat_list_get(list, index, &seen));
        return PausedChat{text(seen.chat_id), moment(seen.paused_until_ms)};
    });
}

} // namespace detail
} // namespace livekeeper

#endif
