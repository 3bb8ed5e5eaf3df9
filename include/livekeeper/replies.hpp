// What is said to buyers: contents, rules, default replies; and what an account is added with.
#ifndef LIVEKEEPER_REPLIES_HPP
#define LIVEKEEPER_REPLIES_HPP

#include <livekeeper/detail.hpp>
#include <livekeeper/names.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace livekeeper {

// A picture that the site already has.
struct Picture {
    // https or http.
    std::string url{};
    // Pixels, 1 to 20,000.
    uint32_t width{};
    uint32_t height{};
};

// What is sent: a text, a picture, or the text and then the picture. Without either it says that nothing is to be sent.
struct ReplyContent {
    std::string text{};
    std::optional<Picture> picture{};

    ReplyContent() = default;
    ReplyContent(std::string said) : text(std::move(said)) {}
    ReplyContent(std::string_view said) : text(said) {}
    ReplyContent(const char *said) : text(said) {}
    ReplyContent(Picture shown) : picture(std::move(shown)) {}
    ReplyContent(std::string said, Picture shown) : text(std::move(said)), picture(std::move(shown)) {}
};

// The plain form of a rule: the first one whose keyword a buyer's message contains is answered with its reply.
struct Keyword {
    std::string keyword{};
    std::string reply{};
};

// A rule: a message in which one of its keywords is found is answered with its reply. See lk_rule.
struct Rule {
    std::vector<std::string> keywords{};
    ReplyContent reply{};
    Matching matching = LK_MATCHING_CONTAINS;
    // The item that a message must be about; empty: any, or none.
    std::string item_id{};
};

// What is said where neither a rule nor the reply handler has a word.
struct DefaultReply {
    ReplyContent reply{};
    // Whether it is said once in each chat, instead of to every message.
    bool once_per_chat{};
};

// What an account is added with, beside its cookie. What is left out stays as it is for an account that exists.
struct AccountOptions {
    std::optional<std::vector<Keyword>> keywords{};
    std::optional<std::string> user_id{};
    std::optional<std::string> proxy{};
};

namespace detail {

inline std::vector<lk_keyword> lend(const std::vector<Keyword> &keywords) {
    std::vector<lk_keyword> lent{};
    lent.reserve(keywords.size());
    for (const Keyword &keyword : keywords)
        lent.push_back({lend(keyword.keyword), lend(keyword.reply)});
    return lent;
}

// Rules in C's form, as long as this and they live.
class LentRules {
public:
    explicit LentRules(const std::vector<Rule> &rules) {
        words_.reserve(rules.size());
        for (const Rule &rule : rules)
            add(rule);
    }

    const lk_rule *data() const noexcept { return rules_.data(); }
    std::size_t size() const noexcept { return rules_.size(); }

private:
    void add(const Rule &rule) {
        std::vector<lk_str> &words = words_.emplace_back();
        for (const std::string &keyword : rule.keywords)
            words.push_back(lend(keyword));
        lk_rule lent = LK_RULE_INIT;
        lent.keywords = words.data();
        lent.keyword_count = words.size();
        lent.matching = rule.matching;
        lent.item_id = lend_unless_empty(rule.item_id);
        lent.reply = lend(rule.reply.text);
        if (rule.reply.picture) {
            lent.picture_url = lend(rule.reply.picture->url);
            lent.picture_width = rule.reply.picture->width;
            lent.picture_height = rule.reply.picture->height;
        }
        rules_.push_back(lent);
    }

    std::vector<std::vector<lk_str>> words_{};
    std::vector<lk_rule> rules_{};
};

inline ReplyContent content(lk_str said, lk_str url, uint32_t width, uint32_t height) {
    ReplyContent content(text(said));
    if (url.data)
        content.picture = Picture{text(url), width, height};
    return content;
}

inline lk_default_reply lend(const DefaultReply &reply) noexcept {
    lk_default_reply lent = LK_DEFAULT_REPLY_INIT;
    lent.text = lend(reply.reply.text);
    if (reply.reply.picture) {
        lent.picture_url = lend(reply.reply.picture->url);
        lent.picture_width = reply.reply.picture->width;
        lent.picture_height = reply.reply.picture->height;
    }
    lent.once_per_chat = reply.once_per_chat ? 1 : 0;
    return lent;
}

inline std::vector<Keyword> keywords(const lk_keyword_list *list) {
    return entries<Keyword>(lk_keyword_list_count(list), [&](std::size_t index) {
        const lk_keyword keyword = lk_keyword_list_get(list, index);
        return Keyword{text(keyword.keyword), text(keyword.reply)};
    });
}

inline std::vector<Rule> rules(const lk_rule_list *list) {
    return entries<Rule>(lk_rule_list_count(list), [&](std::size_t index) {
        lk_rule seen = LK_RULE_INIT;
        check(lk_rule_list_get(list, index, &seen));
        Rule rule;
        rule.keywords = entries<std::string>(seen.keyword_count, [&](std::size_t word) { return text(seen.keywords[word]); });
        rule.reply = content(seen.reply, seen.picture_url, seen.picture_width, seen.picture_height);
        rule.matching = static_cast<Matching>(seen.matching);
        rule.item_id = text(seen.item_id);
        return rule;
    });
}

} // namespace detail
} // namespace livekeeper

#endif
