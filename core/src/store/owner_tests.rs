use std::os::unix::fs::symlink;
use std::process::Command;

use super::{Name, Owner, holder};
use crate::error::Error;
use crate::store::tests::Scratch;

#[test]
#[cfg(target_os = "linux")]
fn a_holder_lives_whose_name_was_cut_inside_a_character() {
    let scratch = Scratch::new("cut-name");
    // The system keeps 15 bytes of a name; these are 16.
    let name = scratch.0.join("x五五五五五");
    symlink("/bin/sleep", &name).unwrap();
    let mut child = Command::new(&name).arg("60").spawn().unwrap();
    let pid = child.id();
    let started = super::started(pid);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(started.is_some());
    assert!(!Name { pid, started: started.unwrap() }.lives());
}

#[test]
fn a_database_that_was_replaced_under_its_owner_has_no_second_one() {
    let scratch = Scratch::new("replaced");
    let path = scratch.file();
    std::fs::write(&path, b"").unwrap();
    let first = Owner::take(&path).unwrap();
    std::fs::rename(&path, scratch.0.join("old.db")).unwrap();
    std::fs::write(&path, b"").unwrap();
    let refused = Owner::take(&path).err();
    assert!(matches!(refused, Some(Error::AlreadyOpen { pid, .. }) if pid == Some(std::process::id())), "{refused:?}");
    assert_eq!(holder(&path), Some(std::process::id()));
    assert!(scratch.0.join("shop.db.lock").exists());
    drop(first);
    Owner::take(&path).unwrap();
}
