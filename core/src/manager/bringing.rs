//! The verbs about bringing accounts along, and copies of the store.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::CookieManager;
use super::taking::{self, Existing};
use crate::account::AccountCell;
use crate::bring::report::{ImportOutcome, ImportReport, ImportedAccount};
use crate::bring::{self, Brought, Exported, Source};
use crate::call::Call;
use crate::error::Error;
use crate::key::Passphrase;
use crate::live::{Service, XianyuLive};
use crate::store::{Store, snapshot};
use crate::supervisor::Supervisor;

impl CookieManager {
    /// Takes the accounts of today's most used Python program out of its `SQLite` file, which is opened to be read only and may be in
    /// use: cookies, keywords, default replies, and whether each account is on, its remark, its user, its pause and whether it
    /// confirms shipments. The report says of each account what was taken and what was not, and why. Columns that an older file
    /// does not have take their defaults; shipments are confirmed only where the file says so. Nothing is made beside the file, but
    /// for the index (`-shm`) of a log (`-wal`) that lies there without one, which `SQLite` makes and leaves.
    ///
    /// It can be called again, with the same file or a later one. An account that is here already is left as it is, with whatever
    /// you have changed since: only one that is parked, or has no cookie, takes that of the file, if it is of the same Xianyu user.
    /// To take an account anew, remove it first.
    ///
    /// # Errors
    /// [`Error::NotADatabase`] for another kind of file, [`Error::InvalidArgument`] for a store of livekeeper's own,
    /// [`Error::StoreUnavailable`] for one that cannot be opened, [`Error::Corrupt`]; where nothing at all could be stored [`Error::StoreFailed`] and its like; [`Error::Closed`].
    pub fn import_xianyu_db(&self, path: impl AsRef<Path>) -> Call<ImportReport> {
        let path = path.as_ref().to_owned();
        self.bring(Existing::Stays, move || bring::read_xianyu_db(&path))
    }

    /// Takes accounts out of a document of [`Self::export_accounts`], each with its settings, rules and default replies, which take
    /// the place of those of an account that is here already.
    ///
    /// A new account takes its login too: cookie, device, token and proxy. Where the document leaves the secrets out it is parked,
    /// and waits for a cookie ([`Self::update_cookie`]). An account that is here already keeps its own login; only one that is
    /// parked, or has no cookie, takes that of the document, if it is of the same Xianyu user: with its proxy where it has none of
    /// its own, and with its device and token where it has had no login. An account of another user is refused.
    ///
    /// - `passphrase`: what the document was exported with; `None` where its secrets are left out. With one, the document is taken
    ///   only as it was exported: its settings, rules and replies too can be read by anybody and changed by nobody else.
    ///
    /// # Errors
    /// [`Error::WrongKey`] for another passphrase or a document that was tampered with: nothing was changed.
    /// [`Error::InvalidArgument`] for a path that is no such document, a passphrase that is missing, or one for a document without
    /// secrets. [`Error::Closed`].
    pub fn import_accounts(&self, path: impl AsRef<Path>, passphrase: Option<&str>) -> Call<ImportReport> {
        let passphrase = match passphrase.map(Passphrase::new).transpose() {
            Ok(passphrase) => passphrase,
            Err(error) => return Call::ready(Err(error)),
        };
        let path = path.as_ref().to_owned();
        self.bring(Existing::IsUpdated, move || bring::read_document(&path, passphrase.as_ref()))
    }

    /// Writes all accounts to a new file, as JSON, readable for its owner only, and answers how many they are: with their settings,
    /// rules and default replies; without messages, orders and statistics.
    ///
    /// - `path`: where there is no file yet.
    /// - `passphrase`: cookie, device, token and proxy of each account are sealed under it (argon2id, XChaCha20-Poly1305), and
    ///   everything else is bound to it, so that a change is noticed; 1 … 1,024 bytes. `None`: they are left out.
    ///
    /// What is sealed in the store and does not open, because its row was changed from outside, is left out, and the log says whose
    /// it is.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`]; [`Error::AtCapacity`] for more than 512 MiB, which `import_accounts` does not take;
    /// [`Error::StoreFailed`], [`Error::DiskFull`], [`Error::DiskFailed`], [`Error::Closed`].
    pub fn export_accounts(&self, path: impl AsRef<Path>, passphrase: Option<&str>) -> Call<usize> {
        let passphrase = match passphrase.map(Passphrase::new).transpose() {
            Ok(passphrase) => passphrase,
            Err(error) => return Call::ready(Err(error)),
        };
        let (path, service) = (path.as_ref().to_owned(), Arc::clone(&self.service));
        self.begin(async move {
            let accounts = exported(&service.store).await?;
            let (count, now_ms) = (accounts.len(), service.clock.now_ms());
            blocking(move || bring::write_document(&path, passphrase.as_ref(), accounts, now_ms)).await?;
            Ok(count)
        })
    }

    /// Copies the store as it is at this moment to a new file, readable for its owner only, while everything goes on. The copy is
    /// a whole store of its own. What is sealed in it is sealed with the store's key: open it with that, with `key_file` where it is in
    /// the file beside the store. Takes 10 minutes at most.
    ///
    /// - `path`: where there is no file yet.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path where something is, and for a store in memory; [`Error::StoreFailed`],
    /// [`Error::DiskFull`], [`Error::DiskFailed`], [`Error::Closed`].
    pub fn snapshot(&self, path: impl AsRef<Path>) -> Call<()> {
        let (path, service) = (path.as_ref().to_owned(), Arc::clone(&self.service));
        self.begin(async move {
            let file = service.store.file()?;
            let over = OverWhenDropped::default();
            let is_over = Arc::clone(&over.0);
            blocking(move || snapshot::copy(&file, &path, &is_over)).await
        })
    }

    fn bring(&self, existing: Existing, read: impl FnOnce() -> Result<Source, Error> + Send + 'static) -> Call<ImportReport> {
        let (service, supervisor, new_worker) = (Arc::clone(&self.service), Arc::clone(self.tasks.supervisor()), self.new_worker());
        self.begin(async move {
            let Source { accounts, mut refused, notes } = blocking(read).await?;
            let brought = bring_all(&service, &supervisor, new_worker, existing, accounts).await?;
            refused.extend(brought);
            refused.sort_by(|a, b| a.cookie_id.cmp(&b.cookie_id));
            Ok(ImportReport { accounts: refused, notes: notes.sentences() })
        })
    }

    /// Does something that goes on also when its caller no longer waits.
    pub(super) fn begin<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Call<T> {
        if let Err(error) = self.tasks.check_open() {
            return Call::ready(Err(error));
        }
        let (answer, call) = oneshot::channel();
        self.tasks.spawn(async move { drop(answer.send(work.await)) });
        Call::under_way(call)
    }
}

/// Hands all accounts to their actors before any is waited for: so the store takes many of them in one transaction.
async fn bring_all(
    service: &Arc<Service>,
    supervisor: &Arc<Supervisor<XianyuLive>>,
    new_worker: impl Fn(&Arc<AccountCell>) -> Arc<XianyuLive>,
    existing: Existing,
    accounts: Vec<Brought>,
) -> Result<Vec<ImportedAccount>, Error> {
    let under_way = accounts.into_iter().map(|account| {
        let (cookie_id, service) = (account.cookie_id.clone(), Arc::clone(service));
        let call = supervisor.on_new_account(&cookie_id, &new_worker, move |slot| {
            Box::pin(async move { taking::bring(&service, slot, account, existing).await })
        });
        async move { (cookie_id, call.await) }
    });
    let answers = join_all(under_way.collect::<Vec<_>>()).await;
    let mut failure = None;
    let mut report = Vec::with_capacity(answers.len());
    for (cookie_id, answer) in answers {
        match answer {
            Ok(account) => report.push(account),
            Err(Error::Closed) => return Err(Error::Closed),
            Err(problem) => {
                report.push(ImportedAccount::refused(&cookie_id, problem.to_string()));
                failure = failure.or(is_of_store(&problem).then_some(problem));
            }
        }
    }
    // Where nothing at all could be stored, one sentence says more than one for each account.
    match failure {
        Some(problem) if report.iter().all(|account| account.outcome == ImportOutcome::Refused) => Err(problem),
        _ => Ok(report),
    }
}

fn is_of_store(problem: &Error) -> bool {
    matches!(problem, Error::StoreFailed { .. } | Error::DiskFull { .. } | Error::DiskFailed { .. })
}

async fn exported(store: &Store) -> Result<Vec<Exported>, Error> {
    use std::collections::HashMap;

    let (records, settings) = (store.accounts().await?, store.all_settings().await?);
    let mut settings: HashMap<_, _> = settings.into_iter().collect();
    let mut rules: HashMap<_, Vec<_>> = HashMap::new();
    for (cookie_id, rule) in store.all_rules().await? {
        rules.entry(cookie_id).or_default().push(rule);
    }
    let mut default_replies: HashMap<_, Vec<_>> = HashMap::new();
    for of in store.all_default_replies().await? {
        default_replies.entry(of.cookie_id).or_default().push((of.item_id, of.reply));
    }
    // An account that was added or removed between two of the looks is left out.
    let with_settings = records.into_iter().filter_map(|record| Some((settings.remove(&record.cookie_id)?, record)));
    Ok(with_settings
        .map(|(settings, record)| Exported {
            rules: rules.remove(&record.cookie_id).unwrap_or_default(),
            default_replies: default_replies.remove(&record.cookie_id).unwrap_or_default(),
            settings,
            record,
        })
        .collect())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(ended) if ended.is_cancelled() => Err(Error::Closed),
        Err(_) => Err(Error::Internal { problem: "reading or writing a file panicked".to_owned() }),
    }
}

/// Tells a thread that blocks that nobody wants its result any more: the runtime has ended.
#[derive(Default)]
struct OverWhenDropped(Arc<AtomicBool>);

impl Drop for OverWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
