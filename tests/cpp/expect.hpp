// What the C++ tests share: what must hold, what is thrown, a manager that is offline, and something that counts how often it ends.
#ifndef EXPECT_HPP
#define EXPECT_HPP

#include <livekeeper.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

inline const char *const COOKIE = "unb=2280551454090; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x";

inline void expect_at(int line, bool holds, const char *what) {
    if (holds)
        return;
    std::fprintf(stderr, "line %d: not so: %s\n", line, what);
    std::exit(1);
}
#define EXPECT(...) expect_at(__LINE__, (__VA_ARGS__), #__VA_ARGS__)

// The work throws an Error with this code, about this account, and says something.
template <typename Work> void throws_at(int line, Work work, livekeeper::Code code, const std::string &cookie_id) {
    try {
        work();
    } catch (const livekeeper::Error &error) {
        std::string said(error.what());
        expect_at(line, error.code() == code, said.c_str());
        expect_at(line, error.cookie_id() == cookie_id && !said.empty(), "the error names the account, and says something");
        return;
    }
    expect_at(line, false, "it throws");
}
#define THROWS(work, code) throws_at(__LINE__, [&] { (void)(work); }, (code), "")
#define THROWS_FOR(work, code, account) throws_at(__LINE__, [&] { (void)(work); }, (code), (account))

inline std::string environment(const char *name) {
    const char *value = std::getenv(name);
    EXPECT(value != nullptr);
    return value;
}

// Nobody listens there.
inline livekeeper::Config unreachable() {
    livekeeper::Config config;
    config.websocket_url = "ws://127.0.0.1:9/";
    config.api_url = "http://127.0.0.1:9/h5";
    return config;
}

inline livekeeper::Manager open_in_memory() { return livekeeper::Manager(":memory:", unreachable()); }

// Counts, where it is destroyed, unless it was moved from. It cannot be copied, as a lambda may be.
class Ends {
public:
    explicit Ends(std::atomic<int> &counter) : counter_(&counter) {}
    Ends(Ends &&other) noexcept : counter_(std::exchange(other.counter_, nullptr)) {}
    Ends &operator=(Ends &&) = delete;
    ~Ends() {
        if (counter_)
            ++*counter_;
    }

private:
    std::atomic<int> *counter_;
};

#endif
