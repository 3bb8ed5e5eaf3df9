// livekeeper for C++17 and later: what livekeeper.h has, with owners that end what they hold, failures as exceptions, and lambdas
// as functions of yours. Headers only: link the same library (pkg-config livekeeper, or CMake's livekeeper::livekeeper).
//
//     #include <livekeeper.hpp>
//     #include <iostream>
//     int main() {
//         livekeeper::Manager manager("shop.db");
//         manager.add_cookie("shop 1", "unb=...; cookie2=...; _m_h5_tk=...; ...", {{"包邮", "全场包邮"}});
//         std::cin.get(); // replies go out until you press Enter
//     }
//
// What livekeeper.h says of threads, blocking, order and errors holds here too: each function is named as there, without lk_manager_.
// What differs:
//
// - A failure is thrown as livekeeper::Error, with code() and cookie_id(). What is no failure is a value: a send that was rejected,
//   an event that has not come yet.
// - Texts go in as std::string_view and come out as std::string; what may be missing is a std::optional. Values hold what they need
//   and outlive their manager.
// - Spans of time are std::chrono's, and moments are time points of its system_clock.
// - Functions of yours are any callables, also those that can only be moved. What they hold is destroyed once, by the library, after
//   the last call; what they refer to must last until then. An exception that leaves one does not go further: see exceptions.hpp.
// - A Manager that is destroyed is closed first, within 10 s; close it yourself to hear what that came to.
#ifndef LIVEKEEPER_HPP
#define LIVEKEEPER_HPP

#include <livekeeper/manager.hpp>

#endif
