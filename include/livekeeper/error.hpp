// A call that failed.
#ifndef LIVEKEEPER_ERROR_HPP
#define LIVEKEEPER_ERROR_HPP

#include <livekeeper.h>

#include <stdexcept>
#include <string>

namespace livekeeper {

// What a call came to: the numbers of lk_status. A newer library may have some that are not in the list.
using Code = lk_status;

// A call that failed. what() is a sentence that says what was wrong and what to do; it holds no credential.
class Error : public std::runtime_error {
public:
    Error(Code code, const std::string &message, std::string cookie_id)
        : std::runtime_error(message), code_(code), cookie_id_(std::move(cookie_id)) {}

    Code code() const noexcept { return code_; }
    // The account that it is about; empty: none.
    const std::string &cookie_id() const noexcept { return cookie_id_; }

private:
    Code code_;
    std::string cookie_id_;
};

namespace detail {

// This thread's last failure, as an exception.
[[noreturn]] inline void fail(Code code) {
    throw Error(code, lk_last_error_message(), lk_last_error_cookie_id());
}

inline void check(Code code) {
    if (code != LK_STATUS_OK)
        fail(code);
}

} // namespace detail
} // namespace livekeeper

#endif
