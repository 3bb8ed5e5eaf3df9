// Functions of C++ while an account is online: a cookie provider and a reply handler that answer at once, later, not at all, and with an
// exception. The environment names the service, a cookie that is over, and a new one.
#include "expect.hpp"

#include <condition_variable>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
namespace lk = livekeeper;

// Threads of the host's that answer later; waited for at the end.
class Workers {
public:
    template <typename Work> void start(Work work) {
        const std::lock_guard<std::mutex> turn(turn_);
        threads_.emplace_back(std::move(work));
    }
    ~Workers() {
        for (std::thread &thread : threads_)
            thread.join();
    }

private:
    std::mutex turn_;
    std::vector<std::thread> threads_;
};

static std::optional<lk::ReplyContent> answer_at_once(const lk::ChatMessage &message) {
    EXPECT(message.cookie_id == "shop" && message.chat_id == "40001" && message.sender_id == "50001" && !message.item_id);
    if (message.text == "text")
        return "三天";
    if (message.text == "both")
        return lk::ReplyContent("见图", lk::Picture{"https://img.alicdn.com/a.jpg", 800, 600});
    if (message.text == "nothing")
        return lk::ReplyContent();
    if (message.text == "throw")
        throw std::runtime_error("no model");
    return std::nullopt;
}

// Waits for what comes, by the account's figures.
template <typename Holds> static void wait_until(const lk::Manager &manager, Holds holds) {
    lk::Events events = manager.events(20ms);
    while (!holds(manager.status("shop")))
        (void)events.next(20ms);
}

// Its status says what the exception said.
static void wait_until_parked(const lk::Manager &manager, const std::string &what) {
    const lk::Status parked = manager.wait_for("shop", LK_TASK_STATE_PARKED, 60s);
    EXPECT(parked.connects == 0 && parked.reason_text.find(what) != std::string::npos);
}

static void providers_that_throw_park_the_account(const lk::Manager &manager, std::atomic<int> &ended) {
    manager.set_cookie_provider([ends = Ends(ended)](const lk::CookieRequest &) -> std::string { throw std::runtime_error("no browser"); });
    manager.add_cookie("shop", environment("LIVEKEEPER_COOKIE"));
    wait_until_parked(manager, "no browser");
    manager.set_cookie_provider([ends = Ends(ended)](const lk::CookieRequest &, lk::CookieAnswer) { throw std::runtime_error("answer in hand"); });
    manager.restart("shop");
    // Its answer was given up with it, before anybody could ask what it says.
    wait_until_parked(manager, "an exception has left the cookie provider");
    manager.set_cookie_provider(nullptr);
}

static void steps(const lk::Manager &manager, Workers &workers, std::atomic<int> &ended) {
    std::string line;
    std::cout << "> online" << std::endl;
    std::getline(std::cin, line);
    wait_until(manager, [](const lk::Status &status) { return status.delivered == 5 && status.received == 5; });
    EXPECT(manager.status("shop").handler_failures == 1);

    manager.set_reply_handler([&, ends = Ends(ended)](const lk::ChatMessage &message, lk::Reply reply) {
        if (message.text == "throw")
            throw std::runtime_error("with the reply in hand");
        workers.start([reply = std::move(reply), text = message.text]() mutable {
            EXPECT(reply.is_wanted());
            if (text == "fail")
                reply.fail("no model");
            else
                reply.set("later");
        });
    });
    std::cout << "> later" << std::endl;
    std::getline(std::cin, line);
    wait_until(manager, [](const lk::Status &status) { return status.delivered == 8 && status.handler_failures == 3; });
}

int main() {
    std::atomic<int> ended{0}, reported{0};
    lk::set_exception_handler([&](const char *, const char *) { ++reported; });
    {
        lk::Config config;
        config.websocket_url = environment("LIVEKEEPER_WEBSOCKET_URL");
        config.api_url = environment("LIVEKEEPER_API_URL");
        config.debounce = 0s;
        config.chat_send_rate_per_s = config.send_rate_per_s = 1000;
        Workers workers;
        const lk::Manager manager(":memory:", config);
        const std::string fresh = environment("LIVEKEEPER_NEW_COOKIE");
        providers_that_throw_park_the_account(manager, ended);
        EXPECT(reported == 2 && ended == 2);
        manager.set_cookie_provider([&, ends = Ends(ended)](const lk::CookieRequest &request, lk::CookieAnswer answer) {
            EXPECT(request.cookie_id == "shop" && request.unb == "2280551454090" && request.reason == LK_REASON_CODE_SESSION_EXPIRED);
            workers.start([&fresh, answer = std::move(answer)]() mutable {
                EXPECT(answer.is_wanted());
                answer.set(fresh);
            });
        });
        manager.set_reply_handler(answer_at_once);
        manager.restart("shop");
        manager.set_default_reply("shop", lk::DefaultReply{"default", false});
        EXPECT(manager.wait_for("shop", LK_CONNECTION_STATE_CONNECTED, 60s).connects == 1);

        steps(manager, workers, ended);
        EXPECT(reported == 4 && ended == 2);
        EXPECT(manager.send_text("shop", "40002", "50002", "已发货").is_delivered());
        EXPECT(manager.send_image_begin("shop", "40002", "50002", {"https://img.alicdn.com/b.jpg", 8, 6}).get().is_delivered());
        std::vector<lk::MessageTrace> messages;
        for (lk::MessageTrace &message : manager.messages("shop", "40001", 100))
            if (message.kind == "chat") // not the echoes of the seller's own
                messages.push_back(std::move(message));
        EXPECT(messages.size() == 8 && messages.back().reply->text == "三天" && messages.back().reply->outcome->is_delivered());
        EXPECT(messages.back().decision == LK_DECISION_HANDLER_REPLY && messages.back().created_at && !messages.back().decision_text.empty());
        EXPECT(messages[6].picture->picture.width == 800 && !messages[5].reply && !messages[5].picture);
        const lk::StopReport report = manager.close();
        EXPECT(report.is_clean && report.accounts.size() == 1 && report.accounts[0].socket == LK_STAGE_OUTCOME_DONE);
    }
    EXPECT(ended == 4);
    return 0;
}
