//! Runs the image's own programs in the image, by bubblewrap: they see its files and what is shared with them, and no
//! network unless they fetch something.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    error::ImageError,
    needs::{bubblewrap, is_root},
    root::Root,
    tool::Tool,
};

const PATH_INSIDE: &str = "/usr/local/bin:/usr/bin:/bin";
/// Files of this machine that a program needs for finding others by name.
const NAMES: &[&str] = &["etc/resolv.conf", "etc/hosts"];

#[derive(Debug)]
pub(super) struct Chamber {
    bubblewrap: PathBuf,
    root: PathBuf,
    /// Its `/tmp`, on disk.
    scratch: PathBuf,
}

/// A file or folder of this machine that is seen inside.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pub from: PathBuf,
    pub to: String,
    pub is_writable: bool,
}

/// One program's time in the chamber.
#[derive(Debug, Default)]
pub(super) struct Visit {
    pub name: &'static str,
    pub command: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub shares: Vec<Share>,
    pub may_write: bool,
    pub may_connect: bool,
    /// What to do when it fails.
    pub hint: &'static str,
    /// See [`Tool::gives_up_at`].
    pub gives_up_at: Option<&'static str>,
}

impl Chamber {
    pub fn of(environment: &[(String, String)], root: PathBuf, scratch: PathBuf) -> Result<Self, ImageError> {
        let bubblewrap = bubblewrap(environment).ok_or_else(|| {
            ImageError::new("needs", "`bwrap` is not installed.", "Install it: `apt install bubblewrap`.")
        })?;
        Ok(Self { bubblewrap, root, scratch })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn tool(&self, visit: Visit) -> Tool {
        let mut environment = vec![
            ("PATH".to_owned(), PATH_INSIDE.to_owned()),
            ("HOME".to_owned(), "/tmp".to_owned()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ];
        environment.extend(visit.environment);
        let mut tool = Tool {
            name: visit.name,
            program: self.bubblewrap.clone(),
            arguments: Vec::new(),
            environment,
            output: None,
            hint: visit.hint.to_owned(),
            gives_up_at: visit.gives_up_at,
        };
        tool.arguments([
            "--die-with-parent",
            "--new-session",
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
        ]);
        if !is_root() {
            // Whoever builds it owns its files, and is root among them.
            tool.arguments(["--unshare-user", "--uid", "0", "--gid", "0"]);
        }
        tool.argument(bind(visit.may_write)).argument(&self.root).argument("/");
        tool.arguments(["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run", "--chdir", "/"]);
        tool.argument("--bind").argument(&self.scratch).argument("/tmp");
        if visit.may_connect {
            for name in NAMES {
                if let Ok(file) = fs::canonicalize(Path::new("/").join(name)) {
                    tool.argument("--ro-bind").argument(file).argument(format!("/{name}"));
                }
            }
        } else {
            tool.argument("--unshare-net");
        }
        for share in &visit.shares {
            tool.argument(bind(share.is_writable)).argument(&share.from).argument(&share.to);
        }
        tool.argument("--").arguments(visit.command);
        tool
    }
}

/// Makes the files that are mounted over while something is fetched.
pub(super) fn prepare(root: &Root) -> Result<(), ImageError> {
    for name in NAMES {
        root.write(name, "").map_err(|error| ImageError::inside("write", name, &error))?;
    }
    Ok(())
}

const fn bind(is_writable: bool) -> &'static str {
    if is_writable { "--bind" } else { "--ro-bind" }
}
