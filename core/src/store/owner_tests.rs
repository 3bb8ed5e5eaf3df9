use std::os::unix::fs::symlink;
use std::process::Command;

use super::Name;
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
