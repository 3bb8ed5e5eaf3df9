/*
 * The key of a store in C, offline: which are taken, that a wrong one opens nothing and touches nothing, and another in its place.
 * The store is the file that the program is given.
 */
#include "expect.h"

static lk_status open_with(const char *path, const lk_config *config)
{
    lk_manager *manager = NULL;
    lk_status status = lk_manager_open(lk_str_of(path), config, &manager);
    EXPECT((manager != NULL) == (status == LK_STATUS_OK));
    if (manager != NULL)
        EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);
    lk_manager_free(manager);
    return status;
}

int main(int count, char **arguments)
{
    uint8_t key[33];
    lk_config config = unreachable();
    const lk_config beside = unreachable();
    lk_manager *manager = NULL;
    const lk_str none = {NULL, 0};
    const char *path = count > 1 ? arguments[1] : "";
    memset(key, 7, sizeof key);

    config.key = key;
    config.key_length = 31;
    REFUSED(open_with(path, &config), LK_STATUS_INVALID_ARGUMENT, "key: has 31 bytes");
    config.key_length = 32;
    config.passphrase = lk_str_of("correct horse");
    REFUSED(open_with(path, &config), LK_STATUS_INVALID_ARGUMENT, "passphrase: is given beside key");
    config.passphrase = none;
    config.key = NULL;
    REFUSED(open_with(path, &config), LK_STATUS_NULL_POINTER, "key: is NULL");
    config.key = key;

    EXPECT(lk_manager_open(lk_str_of(path), &config, &manager) == LK_STATUS_OK);
    EXPECT(add(manager, "shop", COOKIE) == LK_STATUS_OK);
    REFUSED(lk_manager_rekey(manager, NULL, 0, none, none, none), LK_STATUS_INVALID_ARGUMENT, "key: no key is given");
    REFUSED(lk_manager_rekey(manager, key, 32, none, lk_str_of("KEY"), none), LK_STATUS_INVALID_ARGUMENT,
            "key_env: is given beside key");
    REFUSED(lk_manager_rekey(NULL, key, 32, none, none, none), LK_STATUS_NULL_POINTER, "manager: is NULL");
    key[0] = 8;
    EXPECT(lk_manager_rekey(manager, key, 32, none, none, none) == LK_STATUS_OK);
    EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);
    REFUSED(lk_manager_rekey(manager, key, 32, none, none, none), LK_STATUS_CLOSED, "this CookieManager is closed");
    lk_manager_free(manager);

    EXPECT(open_with(path, &config) == LK_STATUS_OK);
    key[0] = 7;
    EXPECT(open_with(path, &config) == LK_STATUS_WRONG_KEY);
    EXPECT(strstr(lk_last_error_message(), "the key is another one") != NULL);
    EXPECT(open_with(path, &beside) == LK_STATUS_WRONG_KEY);
    EXPECT(strstr(lk_last_error_message(), ".key is not there") != NULL);
    return 0;
}
