//! What is installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::Settings;
use crate::client::Client;
use crate::results::{Bound, Results, Row};

pub(super) fn run(settings: &Settings, results: &mut Results) {
    let library = settings.library.join("release/liblivekeeper.so");
    for (title, path) in [("liblivekeeper.so, MiB", Some(library)), ("the wheel, MiB", wheel(&settings.library.join("wheels")))] {
        match path.and_then(|path| fs::metadata(path).ok()) {
            Some(file) => results.add(&Row::new(title, Bound::None), Client::Livekeeper, file.len() as f64 / 1024.0 / 1024.0),
            None => results.note(format!("{title}: it is not built")),
        }
    }
}

/// The newest, where there are several.
fn wheel(directory: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(directory).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let wheels = files.filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheels.max_by_key(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
}
