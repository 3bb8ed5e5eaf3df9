// What the credentials in a store are sealed with.
#ifndef LIVEKEEPER_KEY_HPP
#define LIVEKEEPER_KEY_HPP

#include <livekeeper/detail.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace livekeeper {

// 32 bytes that nobody can guess. They are wiped when it is destroyed; wipe what it was made of yourself.
class Key {
public:
    explicit Key(const std::array<uint8_t, 32> &bytes) noexcept : bytes_(bytes) {}
    // The bytes themselves, not Base64 or hex; throws LK_STATUS_INVALID_ARGUMENT where they are not exactly 32.
    explicit Key(std::string_view bytes) {
        if (bytes.size() != bytes_.size())
            throw Error(LK_STATUS_INVALID_ARGUMENT,
                        "key: has " + std::to_string(bytes.size()) + " bytes, a key has exactly 32; for words there is passphrase", {});
        for (std::size_t index = 0; index < bytes_.size(); index++)
            bytes_[index] = static_cast<uint8_t>(bytes[index]);
    }
    Key(const Key &) noexcept = default;
    Key &operator=(const Key &) noexcept = default;
    ~Key() {
        // A compiler leaves out what is written to memory that nobody reads again, unless it is volatile.
        volatile uint8_t *byte = bytes_.data();
        for (std::size_t index = 0; index < bytes_.size(); index++)
            byte[index] = 0;
    }

    const uint8_t *data() const noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }

private:
    std::array<uint8_t, 32> bytes_{};
};

// Where the key of a store comes from: see Manager::rekey.
struct KeySource {
    // The key itself.
    KeySource(const Key &given) : key(given) {}
    // A file that holds it in Base64 or hex; made, with a new key and mode 0600, where it does not exist.
    static KeySource file(std::string path) {
        KeySource source;
        source.key_file = std::move(path);
        return source;
    }
    // The name of an environment variable that holds it in Base64 or hex.
    static KeySource env(std::string name) {
        KeySource source;
        source.key_env = std::move(name);
        return source;
    }
    // Words that it is made of, 1 to 1,024 bytes.
    static KeySource words(std::string passphrase) {
        KeySource source;
        source.passphrase = std::move(passphrase);
        return source;
    }

    std::optional<Key> key{};
    std::optional<std::string> key_file{};
    std::optional<std::string> key_env{};
    std::optional<std::string> passphrase{};

private:
    KeySource() = default;
};

namespace detail {

inline const uint8_t *data(const std::optional<Key> &key) noexcept { return key ? key->data() : nullptr; }
inline std::size_t size(const std::optional<Key> &key) noexcept { return key ? key->size() : 0; }

} // namespace detail
} // namespace livekeeper

#endif
