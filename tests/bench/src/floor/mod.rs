//! The floor: a plain Rust client that does the least, with tokio and tokio-tungstenite, and with no store, no rules and no status.
//! One task an account; each push is acknowledged, each question of a buyer's gets the same reply, every frame is written by itself.
//! It is not the least that is possible: `README.md` says what it leaves undone.

mod message;
mod session;
mod sign_in;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Failure;
use crate::cli::Task;
use crate::host::{self, CONNECTING};
use sign_in::Api;

/// As many as livekeeper has where nothing is said.
const THREADS: usize = 2;
/// For all accounts to say goodbye.
const END_LIMIT: Duration = Duration::from_secs(60);

/// What the sessions share.
struct Floor {
    websocket_url: http::Uri,
    api: Api,
    tls: Arc<ClientConfig>,
    connecting: Semaphore,
    over: watch::Receiver<bool>,
}

/// Runs until standard input ends.
pub(crate) fn run(task: &Task) -> Result<(), Failure> {
    let accounts = host::accounts(task)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let tls = tls(task)?;
    let (end, over) = watch::channel(false);
    let floor = Arc::new(Floor {
        websocket_url: task.websocket_url.parse()?,
        api: Api::new(&task.api_url, &tls),
        tls,
        connecting: Semaphore::new(CONNECTING),
        over,
    });
    let (mut sessions, count) = (JoinSet::new(), accounts.len());
    let (registered, mut registrations) = mpsc::channel(count.max(1));
    for account in accounts {
        let (floor, registered) = (Arc::clone(&floor), registered.clone());
        // Boxed, so that what only the sign-in needs is gone when it is done.
        sessions.spawn_on(async move { Box::pin(session::open(floor, account, registered)).await?.await }, runtime.handle());
    }
    drop(registered);
    runtime.block_on(async {
        for _ in 0..count {
            registrations.recv().await.ok_or("an account could not be signed in")?;
        }
        Ok::<_, Failure>(())
    })?;
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    end.send_replace(true);
    runtime.block_on(async {
        let ended = async {
            while let Some(session) = sessions.join_next().await {
                session??;
            }
            Ok::<_, Failure>(())
        };
        timeout(END_LIMIT, ended).await?
    })
}

fn tls(task: &Task) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &task.ca {
        for certificate in CertificateDer::pem_file_iter(path)? {
            roots.add(certificate?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
