// A program in C++17: an account with rules, a function that answers where no rule does, news on a thread of its own. It ends when you
// press Enter.
//
//     c++ -std=c++17 -o cpp17 cpp17.cpp $(pkg-config --cflags --libs livekeeper)
//     LIVEKEEPER_COOKIE='unb=...; cookie2=...; _m_h5_tk=...; ...' ./cpp17
#include <livekeeper.hpp>

#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

static std::string environment(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

static std::optional<livekeeper::ReplyContent> answer(const livekeeper::ChatMessage &message) {
    if (message.text.find("你好") != std::string::npos)
        return "你好，" + message.sender_name; // a text, a livekeeper::Picture, or both
    return std::nullopt; // the default reply, if the account has one
}

static void run() {
    livekeeper::Config config;
    config.websocket_url = environment("LIVEKEEPER_WEBSOCKET_URL"); // empty: the service's
    config.api_url = environment("LIVEKEEPER_API_URL");
    std::future<void> news; // waited for after the manager is closed, which ends the events
    const livekeeper::Manager manager("shop.db", config);

    news = std::async(std::launch::async, [events = manager.events()]() mutable {
        for (const livekeeper::Event &event : events)
            std::cout << event.cookie_id << " " << livekeeper::name(event.kind) << " " << event.reason_text << std::endl;
    });
    manager.set_reply_handler(answer, 30s);
    manager.add_cookie("shop 1", environment("LIVEKEEPER_COOKIE"), {{"包邮", "全场包邮"}, {"在吗", "在的，请直接拍"}});
    std::cin.get();

    for (const livekeeper::Status &status : manager.statuses())
        std::cout << status.cookie_id << ": " << status.reason_text << ", " << status.replied << " replied\n";
    manager.close(10s);
}

int main() {
    try {
        run();
        return 0;
    } catch (const livekeeper::Error &error) {
        std::cerr << error.cookie_id() << ": " << error.what() << " (" << error.code() << ")\n";
    } catch (const std::exception &problem) {
        std::cerr << problem.what() << "\n";
    }
    return 1;
}
