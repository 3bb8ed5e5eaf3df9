//! Which clients there are, and how each is started.

use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::cli::Settings;

/// In the order of the table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Client {
    Livekeeper,
    Floor,
    /// Python's fastest stack: picows, uvloop, orjson, msgpack.
    Fastest,
    /// Its usual one: asyncio and websockets.
    Usual,
}

impl Client {
    pub(crate) const ALL: [Self; 4] = [Self::Livekeeper, Self::Floor, Self::Fastest, Self::Usual];
    pub(crate) const RUST: [Self; 2] = [Self::Livekeeper, Self::Floor];

    /// Its column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Livekeeper => "livekeeper",
            Self::Floor => "floor",
            Self::Fastest => "picows",
            Self::Usual => "websockets",
        }
    }

    /// Whether it can be started here.
    pub(crate) fn is_there(self, settings: &Settings) -> bool {
        match self {
            Self::Livekeeper | Self::Floor => true,
            Self::Fastest | Self::Usual => settings.clients_python.exists() && self.script(settings).exists(),
        }
    }

    fn script(self, settings: &Settings) -> std::path::PathBuf {
        settings.clients.join(if self == Self::Fastest { "fastest.py" } else { "usual.py" })
    }

    /// The command, without its arguments.
    pub(crate) fn command(self, settings: &Settings) -> Result<Command, Failure> {
        Ok(match self {
            Self::Livekeeper => this_program("livekeeper")?,
            Self::Floor => this_program("floor")?,
            Self::Fastest | Self::Usual => {
                let mut command = Command::new(std::path::absolute(&settings.clients_python)?);
                command.arg(self.script(settings));
                command
            }
        })
    }
}

/// This program again, as one of its clients.
pub(crate) fn this_program(what: impl AsRef<Path>) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(what.as_ref());
    Ok(command)
}
