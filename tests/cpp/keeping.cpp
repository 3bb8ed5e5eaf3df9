// The key of a store, accounts that are brought along, copies and looks, in C++; offline. The directory for the files is the first
// argument; it holds foreign.db, with the account "shop" and one that cannot be taken.
#include "expect.hpp"

#include <array>
#include <optional>

namespace lk = livekeeper;

static std::string directory;

static std::string file(const char *name) { return directory + "/" + name; }

static lk::Config with_key(char byte) {
    lk::Config config = unreachable();
    config.key = lk::Key(std::string(32, byte));
    return config;
}

static void a_key_has_32_bytes_and_a_store_has_one() {
    THROWS(lk::Key("too short"), LK_STATUS_INVALID_ARGUMENT);
    EXPECT(lk::Key(std::array<uint8_t, 32>{7}).data()[0] == 7 && lk::Key(std::string(32, '\xff')).data()[31] == 0xff);
    lk::Config config;
    EXPECT(!config.key && !config.key_file && !config.key_env && !config.passphrase);
    config = with_key('7');
    config.key_env = "LIVEKEEPER_TEST_KEY";
    THROWS(lk::Manager(":memory:", config), LK_STATUS_INVALID_ARGUMENT);
    for (std::optional<std::string> lk::Config::*source : {&lk::Config::key_file, &lk::Config::key_env, &lk::Config::passphrase}) {
        config = unreachable();
        config.*source = "";
        THROWS(lk::Manager(":memory:", config), LK_STATUS_INVALID_ARGUMENT);
    }
}

static void another_key_takes_the_place_of_the_first() {
    const std::string path = file("keys.db");
    {
        const lk::Manager manager(path, with_key('7'));
        manager.add_cookie("shop", COOKIE);
        manager.rekey(lk::Key(std::string(32, '8')));
        THROWS(manager.rekey(lk::KeySource::env("LIVEKEEPER_NO_SUCH_VARIABLE")), LK_STATUS_INVALID_ARGUMENT);
        THROWS(manager.rekey(lk::KeySource::words("")), LK_STATUS_INVALID_ARGUMENT);
    }
    THROWS(lk::Manager(path, with_key('7')), LK_STATUS_WRONG_KEY);
    lk::Manager(path, with_key('8')).rekey(lk::KeySource::words("correct horse"));
    lk::Config config = unreachable();
    config.passphrase = "correct horse";
    lk::Manager(path, config).rekey(lk::KeySource::file(file("other.key")));
    config.passphrase.reset();
    config.key_file = file("other.key");
    EXPECT(lk::Manager(path, config).list().at(0) == "shop");
}

static void accounts_are_brought_along_and_the_report_names_each() {
    const lk::Manager manager(file("shop.db"), unreachable());
    const lk::ImportReport foreign = manager.import_xianyu_db(file("foreign.db"));
    EXPECT(foreign.accounts.size() == 2 && foreign.added_count == 1 && foreign.refused_count == 1 && !foreign.is_complete);
    EXPECT(foreign.updated_count == 0 && foreign.kept_count == 0 && foreign.notes.empty());
    const lk::ImportedAccount &bad = foreign.accounts[0], &shop = foreign.accounts[1];
    EXPECT(bad.cookie_id == "bad" && bad.outcome == LK_IMPORT_OUTCOME_REFUSED && !bad.has_cookie);
    EXPECT(bad.not_taken.find("`unb`") != std::string::npos);
    EXPECT(shop.cookie_id == "shop" && shop.outcome == LK_IMPORT_OUTCOME_ADDED && shop.has_cookie && shop.has_settings);
    EXPECT(shop.rule_count == 1 && shop.default_reply_count == 0 && shop.not_taken.empty() && shop.notes.empty());
    EXPECT(manager.import_xianyu_db(file("foreign.db")).kept_count == 1);

    EXPECT(manager.export_accounts(file("accounts.json"), "passphrase") == 1);
    THROWS(manager.export_accounts(file("accounts.json")), LK_STATUS_INVALID_ARGUMENT);
    THROWS(manager.export_accounts(file("empty.json"), ""), LK_STATUS_INVALID_ARGUMENT);
    THROWS(manager.import_accounts(file("accounts.json"), "another"), LK_STATUS_WRONG_KEY);
    THROWS(manager.import_accounts(file("accounts.json")), LK_STATUS_INVALID_ARGUMENT);
    const lk::ImportReport own = manager.import_accounts(file("accounts.json"), "passphrase");
    EXPECT(own.updated_count == 1 && own.is_complete && own.accounts.at(0).outcome == LK_IMPORT_OUTCOME_UPDATED);
    EXPECT(manager.export_accounts(file("plain.json")) == 1);
}

static void a_store_is_copied_and_looked_into() {
    const lk::Manager manager(file("shop.db"), unreachable());
    manager.snapshot(file("copy.db"));
    THROWS(manager.snapshot(file("copy.db")), LK_STATUS_INVALID_ARGUMENT);
    const std::string seen = lk::inspect(file("copy.db"), 10);
    EXPECT(seen.find("\"cookie_id\":\"shop\"") != std::string::npos && seen.find("CANARY") == std::string::npos);
    THROWS(lk::inspect(file("foreign.db"), 10), LK_STATUS_NOT_A_DATABASE);
    THROWS(lk::inspect(file("copy.db"), 10001), LK_STATUS_INVALID_ARGUMENT);
}

int main(int count, char **arguments) {
    if (count != 2)
        return 2;
    directory = arguments[1];
    a_key_has_32_bytes_and_a_store_has_one();
    another_key_takes_the_place_of_the_first();
    accounts_are_brought_along_and_the_report_names_each();
    a_store_is_copied_and_looked_into();
    return 0;
}
