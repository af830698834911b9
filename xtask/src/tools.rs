//! The compilers that the checked-in guests are made with, and how to get them.

use crate::error::Error;
use std::path::Path;
use std::process::Command;

/// Zig writes the path of its own library into the DWARF, so it has to live at the same neutral place for everybody.
pub const ZIG: &str = "/opt/zig/ziglang/zig";

/// A program with the exact version that makes the guests reproducible.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    pub program: &'static str,
    /// Prints the version on its first matching line.
    version_arguments: &'static [&'static str],
    /// Which line of the answer holds the version: the first that contains this.
    line: &'static str,
    /// That line must contain this.
    wanted: &'static str,
    install: &'static str,
    /// Debian packages whose contents end up in the module too.
    libraries: &'static [&'static str],
}

pub const CLANG_22: Tool = Tool {
    program: "clang-22",
    version_arguments: &["--version"],
    line: "version",
    wanted: "22.1.8",
    install: "apt install clang-22 lld-22 libclang-rt-22-dev-wasm32 wasi-libc",
    libraries: &["wasi-libc", "libclang-rt-22-dev-wasm32"],
};

/// The same for what isn't checked in: no byte of it is compared.
pub const ANY_CLANG_22: Tool = Tool { wanted: "version 22.", libraries: &[], ..CLANG_22 };

/// Fetches sources from PyPI; any version will do.
pub const PIP: Tool = Tool {
    program: "pip",
    version_arguments: &["--version"],
    line: "pip",
    wanted: "pip",
    install: "apt install python3-pip",
    libraries: &[],
};

/// Fetches packages; any version will do.
pub const NPM: Tool = Tool {
    program: "npm",
    version_arguments: &["--version"],
    line: "",
    wanted: "",
    install: "apt install npm",
    libraries: &[],
};

pub const TAR: Tool = Tool { program: "tar", install: "apt install tar", ..NPM };

pub const CARGO: Tool = Tool { program: "cargo", ..RUSTC };

pub const CLANG_19: Tool = Tool {
    program: "clang-19",
    version_arguments: &["--version"],
    line: "version",
    wanted: "19.1.7",
    install: "apt install clang-19 lld-19 libclang-rt-19-dev-wasm32 wasi-libc",
    libraries: &["wasi-libc", "libclang-rt-19-dev-wasm32"],
};

pub const CLANGXX_19: Tool = Tool {
    program: "clang++-19",
    version_arguments: &["--version"],
    line: "version",
    wanted: "19.1.7",
    install: "apt install clang-19 lld-19 libclang-rt-19-dev-wasm32 wasi-libc libc++-19-dev-wasm32 libc++abi-19-dev-wasm32",
    libraries: &["wasi-libc", "libclang-rt-19-dev-wasm32", "libc++-19-dev-wasm32", "libc++abi-19-dev-wasm32"],
};

/// Where libc++ 22 is unpacked: it can't be installed beside 19, and its path is in the DWARF.
pub const LIBCXX_22: &str = "/opt/libc++-22";

pub const CLANGXX_22: Tool = Tool {
    program: "clang++-22",
    install: "apt install clang-22 lld-22 llvm-22 libclang-rt-22-dev-wasm32 wasi-libc && \
              apt-get download libc++-22-dev-wasm32 libc++abi-22-dev-wasm32 && \
              for d in libc++*-22-dev-wasm32_*.deb; do dpkg -x $d /opt/libc++-22; done",
    ..CLANG_22
};

pub const OBJCOPY: Tool = Tool { program: "llvm-objcopy-22", ..DWARFDUMP };

pub const AR: Tool = Tool { program: "llvm-ar-22", ..DWARFDUMP };

pub const RUSTC: Tool = Tool {
    program: "rustc",
    version_arguments: &["--version"],
    line: "rustc",
    wanted: "1.95.0",
    install: "rustup toolchain install 1.95.0 && rustup default 1.95.0 && rustup target add wasm32-wasip1 wasm32-wasip2",
    libraries: &[],
};

/// A version of rustc, and what it calls its target.
#[derive(Clone, Copy, Debug)]
pub struct Rustc {
    pub tool: Tool,
    pub target: &'static str,
    pub edition: &'static str,
}

/// The oldest whose std is asked for.
pub const RUSTC_163: Rustc = Rustc {
    tool: Tool {
        version_arguments: &["+1.63.0", "--version"],
        wanted: "1.63.0",
        install: "rustup toolchain install 1.63.0 --profile minimal -t wasm32-wasi",
        ..RUSTC
    },
    target: "wasm32-wasi",
    edition: "2021",
};

/// The one that the other guests are made with.
pub const RUSTC_195: Rustc = Rustc {
    tool: Tool { version_arguments: &["+1.95.0", "--version"], ..RUSTC },
    target: "wasm32-wasip1",
    edition: "2024",
};

/// The newest.
pub const RUSTC_199: Rustc = Rustc {
    tool: Tool {
        version_arguments: &["+1.99.1", "--version"],
        wanted: "1.99.1",
        install: "rustup toolchain install 1.99.1 --profile minimal -t wasm32-wasip1",
        ..RUSTC
    },
    target: "wasm32-wasip1",
    edition: "2021",
};

pub const ZIG_015: Tool = Tool {
    program: ZIG,
    version_arguments: &["version"],
    line: "",
    wanted: "0.15.2",
    install: "pip install --target /opt/zig ziglang==0.15.2",
    libraries: &[],
};

/// Its path isn't in what it makes; it has a fixed place so that Clang doesn't find the `wasm-opt` beside it.
pub const ASC: Tool = Tool {
    program: "/opt/assemblyscript/node_modules/.bin/asc",
    version_arguments: &["--version"],
    line: "Version",
    wanted: "0.28.20",
    install: "npm install --prefix /opt/assemblyscript assemblyscript@0.28.20",
    libraries: &[],
};

pub const WASM_OPT: Tool =
    Tool { program: "/opt/assemblyscript/node_modules/.bin/wasm-opt", line: "wasm-opt", wanted: "version 131", ..ASC };

pub const DWP: Tool = Tool { program: "llvm-dwp-22", ..DWARFDUMP };

pub const DWARFDUMP: Tool = Tool {
    program: "llvm-dwarfdump-22",
    version_arguments: &["--version"],
    line: "version",
    wanted: "22.1.8",
    install: "apt install llvm-22",
    libraries: &[],
};

pub const LLDB: Tool = Tool { program: "lldb-22", install: "apt install lldb-22 python3-lldb-22", ..DWARFDUMP };

pub const SYMBOLIZER: Tool = Tool { program: "llvm-symbolizer-22", ..DWARFDUMP };

impl Tool {
    /// The version that it must have.
    pub fn wanted(&self) -> &'static str {
        self.wanted
    }

    /// The version as the tool itself prints it.
    ///
    /// # Errors
    /// [`Error::MissingTool`] and [`Error::WrongVersion`], both with the line that installs it.
    pub fn version(&self) -> Result<String, Error> {
        let output = Command::new(self.program).args(self.version_arguments).output().map_err(|_| self.missing())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.lines().find(|line| line.contains(self.line)).unwrap_or_default().trim();
        if !version.contains(self.wanted) {
            return Err(Error::WrongVersion {
                tool: self.program.to_string(),
                found: version.to_string(),
                wanted: self.wanted,
                install: self.install,
            });
        }
        Ok(if version == self.wanted { format!("{} {version}", file_name(self.program)) } else { version.to_string() })
    }

    /// The error that says how to get it.
    pub fn missing(&self) -> Error {
        Error::MissingTool { tool: self.program.to_string(), install: self.install }
    }

    /// Name and version of each Debian package that is linked in; `?` where dpkg doesn't know.
    pub fn libraries(&self) -> Vec<String> {
        let version = |package: &&str| {
            let output = Command::new("dpkg-query").args(["-W", "-f=${Version}", package]).output().ok();
            let version = output.filter(|output| output.status.success()).map(|output| output.stdout);
            format!("{package} {}", version.map_or("?".into(), |bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        self.libraries.iter().map(version).collect()
    }
}

fn file_name(program: &str) -> &str {
    Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or(program)
}

/// What `rustc` prints for `arguments`, trimmed.
///
/// # Errors
/// [`Error::MissingTool`] when there is no rustc.
pub fn ask_rustc(arguments: &[&str]) -> Result<String, Error> {
    let output = Command::new(RUSTC.program).args(arguments).output().map_err(|_| RUSTC.missing())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}
