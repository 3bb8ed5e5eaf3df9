//! What it runs on.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use livekeeper_micro::Scratch;
use serde_json::{Value, json};

use crate::cli::Settings;
use crate::statistics::median;

/// The machine, each line a name and what it is.
pub(crate) struct Machine(Vec<(&'static str, String)>);

impl Machine {
    pub(crate) fn look(settings: &Settings) -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let model = field(&cpuinfo, "model name");
        let is_virtual = field(&cpuinfo, "flags").split_whitespace().any(|flag| flag == "hypervisor");
        let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
        let mut cpu = format!("{model}, {cores} cores");
        if is_virtual {
            cpu.push_str(", virtual");
        }
        if !governor.is_empty() {
            cpu = format!("{cpu}, governor {governor}");
        }
        let memory = field(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal");
        let load = read("/proc/loadavg");
        let load = load.split_whitespace().next().unwrap_or_default();
        let mut lines = vec![
            ("cpu", cpu),
            ("memory", memory),
            ("kernel", read("/proc/sys/kernel/osrelease")),
            ("load before", load.to_owned()),
            ("sync of the stores' disk", sync_cost(settings)),
            ("rustc", said(Command::new("rustc").arg("--version"))),
            ("build", if cfg!(debug_assertions) { "debug: its figures mean nothing".to_owned() } else { "release".to_owned() }),
        ];
        if settings.clients_python.exists() {
            lines.push(("python", said(Command::new(&settings.clients_python).args(["-c", PACKAGES]))));
        }
        Self(lines)
    }

    pub(crate) fn text(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(|(name, what)| format!("{name}: {what}\n")).collect();
        lines.concat()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!(self.0.iter().map(|(name, what)| (*name, what.as_str())).collect::<std::collections::BTreeMap<_, _>>())
    }
}

const PACKAGES: &str = "
import importlib.metadata, platform
def version(name):
    try: return name + ' ' + importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError: return 'no ' + name
print(platform.python_version() + ', ' + ', '.join(map(version, ['picows', 'uvloop', 'orjson', 'msgpack', 'websockets'])))
";

fn field(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.split_once(':').filter(|(found, _)| found.trim() == name));
    line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn said(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    output.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a durable write of 4 KiB costs where the stores are: what is durable cannot be faster.
fn sync_cost(settings: &Settings) -> String {
    let measure = || -> Result<Duration, crate::Failure> {
        let scratch = Scratch::new(&settings.scratch)?;
        let mut file = File::create(scratch.join("sync"))?;
        let mut once = || -> Result<f64, crate::Failure> {
            let started = Instant::now();
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            Ok(started.elapsed().as_secs_f64())
        };
        let times = (0..50).map(|_| once()).collect::<Result<Vec<_>, _>>()?;
        Ok(Duration::from_secs_f64(median(&times).unwrap_or_default()))
    };
    measure().map_or_else(|problem| format!("unknown ({problem})"), |cost| format!("{cost:.1?}"))
}
