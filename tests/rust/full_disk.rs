//! A disk that is really full. The test runs itself again in a mount namespace of its own, with a small disk in memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and says what it leaves out")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use livekeeper::{Config, CookieManager, Error};
use livekeeper_tests::{LIMIT_S, Scratch};

const NAME: &str = "on_a_full_disk_a_call_is_refused_as_such_reads_go_on_and_with_room_the_store_works_again";
/// Where the small disk is, for the run in its namespace.
const DISK: &str = "LIVEKEEPER_SMALL_DISK";

/// A command in a mount namespace in which this directory is a disk of 1 MiB.
fn on_small_disk(directory: &Path, command: &[&str]) -> Command {
    let mut unshare = Command::new("timeout");
    let script = r#"mount -t tmpfs -o size=1m none "$0" && exec "$@""#;
    unshare.args(["60", "unshare", "--mount", "--", "sh", "-c", script]).arg(directory).args(command).env(DISK, directory);
    unshare
}

#[test]
fn on_a_full_disk_a_call_is_refused_as_such_reads_go_on_and_with_room_the_store_works_again() {
    if let Some(disk) = std::env::var_os(DISK) {
        return inside(Path::new(&disk));
    }
    let scratch = Scratch::new("full-disk");
    let probe = on_small_disk(&scratch.join(""), &["true"]).output();
    if !probe.as_ref().is_ok_and(|probe| probe.status.success()) {
        return eprintln!("left out: no disk in memory can be had in a mount namespace here ({probe:?})");
    }
    let myself = std::env::current_exe().unwrap();
    let output = on_small_disk(&scratch.join(""), &[myself.to_str().unwrap(), "--exact", NAME, "--nocapture"]).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn open(disk: &Path) -> Result<CookieManager, Error> {
    let mut config = Config::default();
    config.websocket_url = String::from("ws://127.0.0.1:9/");
    config.api_url = String::from("http://127.0.0.1:9/h5");
    CookieManager::open(disk.join("shop.db"), config)
}

fn inside(disk: &Path) {
    let manager = open(disk).unwrap();
    manager.add_cookie("shop", "unb=1; a=b", None, None).wait().unwrap();
    manager.update_cookie_status("shop", false).wait().unwrap();
    let ballast = disk.join("ballast");
    for round in 0..3 {
        fill(&ballast);
        let (last, error) = until_refused(&manager, round);
        assert!(matches!(error, Error::DiskFull { .. }), "{error}");
        assert!(matches!(manager.add_cookie("more", &"unb=2; a=".repeat(2_000), None, None).wait(), Err(Error::DiskFull { .. })));
        let found = manager.get_remark("shop").wait().unwrap();
        assert!(last.is_none_or(|last| found == last), "what was acknowledged is there, and can be read on a full disk");
        fs::remove_file(&ballast).unwrap();
        let with_room = format!("with room {round}");
        manager.set_remark("shop", &with_room).wait().unwrap();
        assert_eq!(manager.get_remark("shop").wait().unwrap(), with_room);
    }
    fill(&ballast);
    manager.close(LIMIT_S).wait().unwrap();
    if let Err(error) = open(disk) {
        assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    }
    fs::remove_file(&ballast).unwrap();
    let manager = open(disk).unwrap();
    assert_eq!(
        (manager.list_cookies().unwrap(), manager.get_remark("shop").wait().unwrap()),
        (vec!["shop".to_owned()], "with room 2".to_owned())
    );
    manager.close(LIMIT_S).wait().unwrap();
}

/// Takes all the room there is.
fn fill(ballast: &Path) {
    let mut file = File::create(ballast).unwrap();
    while file.write_all(&[0; 512]).is_ok() {}
}

/// Sets remarks until one is refused: the last that was acknowledged, if any, and the refusal. The store's log has some room of its
/// own, which it uses again and again.
fn until_refused(manager: &CookieManager, round: usize) -> (Option<String>, Error) {
    let mut last = None;
    for number in 0..10_000 {
        let remark = format!("{round} {number} {}", "x".repeat(900));
        match manager.set_remark("shop", &remark).wait() {
            Ok(()) => last = Some(remark),
            Err(error) => return (last, error),
        }
    }
    panic!("a full disk took everything");
}
