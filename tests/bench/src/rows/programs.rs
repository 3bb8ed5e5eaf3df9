//! Rows that need no service: a program each, which does one thing and prints what it took.

use std::path::{Path, PathBuf};
use std::process::Command;

use livekeeper_micro::Scratch;

use crate::Failure;
use crate::cli::Settings;
use crate::client::{Client, this_program};
use crate::results::{Bound, Results, Row};
use crate::stand::run_to_end;

/// How often Python is started to import the module; the least of it counts for a run.
const IMPORTS: usize = 5;

/// Accounts on their way into a store of 10,000 and out of it again.
pub(super) async fn store(settings: &Settings, results: &mut Results) -> Result<(), Failure> {
    for (what, title, bound) in [
        ("add", "add_cookie, 16 threads, a second", Bound::AtLeast(3_000.0)),
        ("bring", "import_accounts of 10,000, s", Bound::AtMost(1.0)),
        ("open", "opening a store of 10,000, ms", Bound::AtMost(200.0)),
    ] {
        match inside(settings, what).await {
            Ok(figure) => results.add(&Row::new(title, bound), Client::Livekeeper, figure),
            Err(problem) => results.note(format!("{title}: {problem}")),
        }
    }
    Ok(())
}

/// `status` while another thread writes, in each language.
pub(super) async fn status(settings: &Settings, results: &mut Results) -> Result<(), Failure> {
    for (language, bound_ns, figure) in [
        ("Rust", 1_000.0, inside(settings, "status").await),
        ("C", 1_500.0, in_c(settings).await),
        ("Python", 3_000.0, in_python(settings).await),
    ] {
        let title = format!("status beside a writer, {language}, p99, ns");
        match figure {
            Ok(figure) => results.add(&Row::new(title, Bound::AtMost(bound_ns)), Client::Livekeeper, figure),
            Err(problem) => results.note(format!("{title}: {problem}")),
        }
    }
    Ok(())
}

/// The step of `micro`, timed.
pub(super) async fn first_match(settings: &Settings, results: &mut Results) -> Result<(), Failure> {
    let row = Row::new("first match of 10,000 keywords, µs", Bound::AtMost(20.0));
    results.add(&row, Client::Livekeeper, inside(settings, "match").await?);
    Ok(())
}

/// `import livekeeper` in a new interpreter.
pub(super) async fn import(settings: &Settings, results: &mut Results) -> Result<(), Failure> {
    let timed = "import time; t = time.perf_counter(); import livekeeper; print(1e3 * (time.perf_counter() - t))";
    let mut least = f64::INFINITY;
    for _ in 0..IMPORTS {
        let said = run_to_end(Command::new(python(settings)?).args(["-c", timed])).await?;
        least = least.min(said.trim().parse()?);
    }
    results.add(&Row::new("import livekeeper, ms", Bound::AtMost(50.0)), Client::Livekeeper, least);
    Ok(())
}

async fn inside(settings: &Settings, what: &str) -> Result<f64, Failure> {
    let said = run_to_end(this_program("inside")?.arg(what).arg("--scratch").arg(&settings.scratch)).await?;
    Ok(said.trim().parse()?)
}

async fn in_c(settings: &Settings) -> Result<f64, Failure> {
    let library = std::path::absolute(settings.library.join("release"))?;
    if !library.join("liblivekeeper.so").exists() {
        return Err(format!("there is no liblivekeeper.so in {}", library.display()).into());
    }
    let scratch = Scratch::new(&settings.scratch)?;
    let program = scratch.join("status");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut compile = Command::new("cc");
    compile.args(["-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]);
    compile.arg("-I").arg(project.join("include")).arg("-I").arg(project.join("tests/c"));
    compile.arg("-o").arg(&program).arg(project.join("tests/bench/inside/status.c"));
    compile.arg("-L").arg(&library).arg(format!("-Wl,-rpath,{}", library.display())).arg("-llivekeeper");
    run_to_end(&mut compile).await?;
    Ok(run_to_end(&mut Command::new(program)).await?.trim().parse()?)
}

async fn in_python(settings: &Settings) -> Result<f64, Failure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("inside/status.py");
    Ok(run_to_end(Command::new(python(settings)?).arg(script)).await?.trim().parse()?)
}

fn python(settings: &Settings) -> Result<PathBuf, Failure> {
    let python = std::path::absolute(&settings.python)?;
    if python.exists() { Ok(python) } else { Err("the Python module is not built (make module)".into()) }
}
