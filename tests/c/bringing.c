/*
 * Accounts from another program's file and from a document, a copy of the store, and a look into it; offline.
 * The directory for the files is the first argument; it holds foreign.db, with the account "shop" and one that cannot be taken.
 */
#include "expect.h"

static char paths[4][4096];

static lk_str file(int number, const char *directory, const char *name)
{
    snprintf(paths[number], sizeof paths[number], "%s/%s", directory, name);
    return lk_str_of(paths[number]);
}

int main(int count, char **arguments)
{
    lk_config config = unreachable();
    lk_manager *manager = NULL;
    lk_import_report *report = NULL;
    lk_import_summary summary = LK_IMPORT_SUMMARY_INIT;
    lk_imported_account account = LK_IMPORTED_ACCOUNT_INIT;
    lk_string *json = NULL;
    size_t exported = 0;

    if (count != 2) return 2;
    const char *directory = arguments[1];
    const lk_str none = lk_str_of(NULL);
    const lk_str passphrase = lk_str_of("passphrase");
    const lk_str document = file(0, directory, "accounts.json");
    const lk_str copy = file(1, directory, "copy.db");
    const lk_str foreign = file(2, directory, "foreign.db");
    EXPECT(lk_manager_open(file(3, directory, "shop.db"), &config, &manager) == LK_STATUS_OK);

    EXPECT(lk_manager_import_xianyu_db(manager, foreign, &report) == LK_STATUS_OK);
    EXPECT(lk_import_report_summary(report, &summary) == LK_STATUS_OK);
    EXPECT(summary.account_count == 2 && summary.added_count == 1 && summary.refused_count == 1);
    EXPECT(summary.updated_count == 0 && summary.kept_count == 0 && !summary.is_complete && summary.notes.length == 0);
    EXPECT(lk_import_report_account(report, 0, &account) == LK_STATUS_OK);
    EXPECT(strcmp(account.cookie_id.data, "bad") == 0 && account.outcome == LK_IMPORT_OUTCOME_REFUSED);
    EXPECT(strstr(account.not_taken.data, "`unb`") != NULL && !account.has_cookie);
    EXPECT(lk_import_report_account(report, 1, &account) == LK_STATUS_OK);
    EXPECT(strcmp(account.cookie_id.data, "shop") == 0 && account.outcome == LK_IMPORT_OUTCOME_ADDED);
    EXPECT(account.has_cookie && account.has_settings && account.rule_count == 1 && account.default_reply_count == 0);
    EXPECT(account.not_taken.length == 0 && account.notes.length == 0);
    REFUSED(lk_import_report_account(report, 2, &account), LK_STATUS_INVALID_ARGUMENT, "index: is 2");
    lk_import_report_free(report);

    EXPECT(lk_manager_export_accounts(manager, document, passphrase, &exported) == LK_STATUS_OK);
    EXPECT(exported == 1);
    REFUSED(lk_manager_export_accounts(manager, document, none, NULL), LK_STATUS_INVALID_ARGUMENT, "path: ");
    REFUSED(lk_manager_import_accounts(manager, document, lk_str_of("another"), &report), LK_STATUS_WRONG_KEY, "the document ");
    EXPECT(report == NULL);
    REFUSED(lk_manager_import_accounts(manager, document, none, &report), LK_STATUS_INVALID_ARGUMENT, "passphrase: ");
    EXPECT(lk_manager_import_accounts(manager, document, passphrase, &report) == LK_STATUS_OK);
    EXPECT(lk_import_report_summary(report, &summary) == LK_STATUS_OK);
    EXPECT(summary.updated_count == 1 && summary.is_complete);
    lk_import_report_free(report);
    lk_import_report_free(NULL);

    EXPECT(lk_manager_snapshot(manager, copy) == LK_STATUS_OK);
    REFUSED(lk_manager_snapshot(manager, copy), LK_STATUS_INVALID_ARGUMENT, "path: ");
    REFUSED(lk_manager_snapshot(manager, none), LK_STATUS_NULL_POINTER, "path: is NULL");

    EXPECT(lk_inspect(copy, 10, &json) == LK_STATUS_OK);
    EXPECT(strstr(lk_string_view(json).data, "\"cookie_id\":\"shop\"") != NULL);
    EXPECT(strstr(lk_string_view(json).data, "CANARY") == NULL);
    lk_string_free(json);
    EXPECT(lk_inspect(foreign, 10, &json) == LK_STATUS_NOT_A_DATABASE);
    EXPECT(json == NULL);
    REFUSED(lk_inspect(copy, 10001, &json), LK_STATUS_INVALID_ARGUMENT, "limit: ");

    EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);
    REFUSED(lk_manager_snapshot(manager, copy), LK_STATUS_CLOSED, "this CookieManager is closed");
    lk_manager_free(manager);
    return 0;
}
