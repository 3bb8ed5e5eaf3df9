//! A store of livekeeper's own, named where accounts are to be brought along from: it is none of the files that are read here.

use std::path::Path;

use crate::error::Error;

/// The sentence for it, whichever verb was asked.
pub(super) fn refused(path: &Path) -> Error {
    let problem = format!(
        "{:?} is a store of livekeeper: open it with CookieManager; to have its accounts in another store, export them from it and \
         import those (export_accounts, import_accounts), or copy it with its .key",
        path.display().to_string()
    );
    Error::invalid("path", problem)
}
