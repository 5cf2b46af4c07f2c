//! What is being done, for whoever shows it. Nobody needs to listen.

use tokio::sync::mpsc;

/// The steps of making an image, in order. Each leaves a stamp, so that a build that was cut goes on after the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Debian's packages, as one archive.
    Base,
    /// The archive's files in their place.
    Unpack,
    /// The Python packages as wheels, checked against their hashes.
    Wheels,
    /// The wheels installed, without network.
    Libraries,
    /// Byte code beside every module: the image is read-only when it is used.
    Compile,
    /// Fixed names and times, the manifest.
    Seal,
}

impl Stage {
    pub const ALL: [Self; 6] =
        [Self::Base, Self::Unpack, Self::Wheels, Self::Libraries, Self::Compile, Self::Seal];

    /// What it does, as a person reads it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Base => "Debian and CPython",
            Self::Unpack => "Unpacking",
            Self::Wheels => "Fetching the libraries",
            Self::Libraries => "Installing the libraries",
            Self::Compile => "Compiling",
            Self::Seal => "Sealing",
        }
    }

    pub(super) const fn stamp(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Unpack => "unpack",
            Self::Wheels => "wheels",
            Self::Libraries => "libraries",
            Self::Compile => "compile",
            Self::Seal => "seal",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A stage begins.
    Stage { stage: Stage, number: usize, of: usize },
    /// How far it is; a total of 0 is unknown.
    Step { done: u64, total: u64 },
    /// What it is at, in a few words.
    Note(String),
}

/// Where progress is told. Cloning is cheap; a listener that has gone is no trouble.
#[derive(Debug, Clone)]
pub struct Reporter(Option<mpsc::UnboundedSender<Progress>>);

impl Reporter {
    /// Unbounded, as a builder must never wait for a terminal; there are some thousand reports in a build.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Progress>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(Some(sender)), receiver)
    }

    pub const fn silent() -> Self {
        Self(None)
    }

    pub(super) fn tell(&self, progress: Progress) {
        if let Some(sender) = &self.0 {
            let _ = sender.send(progress);
        }
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        self.tell(Progress::Note(text.into()));
    }

    pub(super) fn step(&self, done: u64, total: u64) {
        self.tell(Progress::Step { done, total });
    }

    pub(super) fn stage(&self, stage: Stage, stages: &[Stage]) {
        let number = stages.iter().position(|other| *other == stage).map_or(1, |index| index + 1);
        self.tell(Progress::Stage { stage, number, of: stages.len() });
    }
}
