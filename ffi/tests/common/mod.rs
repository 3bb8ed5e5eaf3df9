//! Compilers, the library as cargo built it, and where things lie.

#![allow(dead_code, reason = "each test program uses its part of this")]

pub(crate) mod foreign;
pub(crate) mod host;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// What a static link needs beside the library, on Linux.
pub(crate) const SYSTEM_LIBRARIES: [&str; 3] = ["-lpthread", "-ldl", "-lm"];

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-pedantic"];

/// The root of the project.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A program under `tests/`.
pub(crate) fn source(path: &str) -> PathBuf {
    project().join("tests").join(path)
}

/// A function of the header, as it is declared.
pub(crate) struct Function {
    pub(crate) returns: String,
    pub(crate) name: String,
    /// Type and name of each.
    pub(crate) parameters: Vec<(String, String)>,
}

/// The functions that a header declares, in its order.
pub(crate) fn functions(header: &str) -> Vec<Function> {
    let code: String = header.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, code)| code)).collect();
    let lines = code.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ");
    let declarations = lines.split_once("extern \"C\" {").map_or("", |(_, rest)| rest);
    declarations.split(';').filter_map(function).collect()
}

fn function(declaration: &str) -> Option<Function> {
    let (head, parameters) = declaration.trim().strip_suffix(')')?.split_once('(')?;
    let (returns, name) = type_and_name(head)?;
    let parameters = parameters.split(',').filter_map(|parameter| type_and_name(parameter.trim())).collect();
    Some(Function { returns, name, parameters })
}

/// `const lk_str *data` apart: the type with its star, and the name. Nothing of `void`.
fn type_and_name(declared: &str) -> Option<(String, String)> {
    let name = declared.rsplit([' ', '*']).next()?;
    let kind = declared.strip_suffix(name)?.trim();
    (!kind.is_empty()).then(|| (kind.to_owned(), name.to_owned()))
}

/// The names of the functions that our header declares.
pub(crate) fn declared_functions() -> Vec<String> {
    let header = std::fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    functions(&header).into_iter().map(|function| function.name).collect()
}

/// A file of the tests' own, under the target directory.
pub(crate) fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A C or C++ compiler, as `CC` and `CXX` name it.
pub(crate) struct Compiler {
    program: OsString,
    flags: Vec<String>,
    flags_after: Vec<String>,
}

impl Compiler {
    pub(crate) fn c() -> Self {
        Self::named("C", "CC", "cc")
    }

    pub(crate) fn cpp() -> Self {
        Self::named("C++", "CXX", "c++")
    }

    fn named(language: &str, variable: &str, usual: &str) -> Self {
        let named = env::var(variable).ok().filter(|named| !named.trim().is_empty()).unwrap_or_else(|| usual.to_owned());
        // As make has it: the variable may hold flags after the program, and a wrapper such as ccache before it.
        let mut words = named.split_whitespace().map(str::to_owned);
        let program = OsString::from(words.next().unwrap_or_default());
        let found = Command::new(&program).arg("--version").output().is_ok_and(|output| output.status.success());
        assert!(
            found,
            "no {language} compiler: {named:?} cannot be run; install one (Debian: apt-get install build-essential), or name yours in {variable}"
        );
        Self { program, flags: words.collect(), flags_after: Vec::new() }
    }

    /// The same compiler with more flags, which come after the source.
    pub(crate) fn with(mut self, flags: Vec<String>) -> Self {
        self.flags_after = flags;
        self
    }

    /// Compiles without making anything.
    pub(crate) fn check(&self, source: &Path, standard: &str) {
        self.run(source, standard, [OsStr::new("-fsyntax-only")]);
    }

    /// Makes a program linked with the shared library.
    pub(crate) fn link_shared(&self, source: &Path, standard: &str, program: &Path) {
        let library = library();
        let search = [OsStr::new("-o"), program.as_os_str(), OsStr::new("-L"), library.directory.as_os_str()];
        self.run(source, standard, search.into_iter().chain([OsStr::new("-llivekeeper")]));
    }

    /// Makes a program that finds the library by itself, if at all.
    pub(crate) fn link_without(&self, source: &Path, standard: &str, program: &Path) {
        let files = [OsStr::new("-o"), program.as_os_str()];
        self.run(source, standard, files.into_iter().chain(SYSTEM_LIBRARIES.map(OsStr::new)));
    }

    /// Makes a program that has the library in it.
    pub(crate) fn link_static(&self, source: &Path, standard: &str, program: &Path) {
        let archive = library().archive();
        let files = [OsStr::new("-o"), program.as_os_str(), archive.as_os_str()];
        self.run(source, standard, files.into_iter().chain(SYSTEM_LIBRARIES.map(OsStr::new)));
    }

    fn run<'a>(&self, source: &Path, standard: &str, rest: impl IntoIterator<Item = &'a OsStr>) {
        let mut command = Command::new(&self.program);
        command.args(&self.flags).arg(format!("-std={standard}")).args(WARNINGS).arg("-I").arg(project().join("include"));
        // For the programs only, not for what C code the library has: such as -fsanitize=address.
        let more = env::var("LIVEKEEPER_C_FLAGS").unwrap_or_default();
        command.args(more.split_whitespace());
        let output = command.arg(source).args(rest).args(&self.flags_after).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} as {standard} does not compile:\n{said}", source.display());
    }
}

/// Where cargo puts the C library.
pub(crate) struct Library {
    pub(crate) directory: PathBuf,
}

impl Library {
    pub(crate) fn shared(&self) -> PathBuf {
        self.directory.join("liblivekeeper.so")
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.directory.join("liblivekeeper.a")
    }
}

/// The library as it is now. `cargo test` builds a cdylib for nobody, so it is asked for here; when it is there already, this
/// takes no time.
pub(crate) fn library() -> &'static Library {
    static BUILT: LazyLock<Library> = LazyLock::new(build);
    &BUILT
}

fn build() -> Library {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let (profile, directory) = if cfg!(debug_assertions) { ("dev", "debug") } else { ("release", "release") };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo tells this test of its own package would look to build scripts (ring's) like a change, and build them anew.
    for (name, _) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|own| name.to_string_lossy().starts_with(own))
        {
            command.env_remove(name);
        }
    }
    command
        .current_dir(project())
        .args(["build", "--locked", "--package", "livekeeper-ffi", "--profile", profile, "--target-dir"])
        .arg(target);
    let output = command.output().unwrap();
    assert!(output.status.success(), "the C library does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    Library { directory: target.join(directory) }
}
