//! The image: the read-only root file system of every run. Built from Debian's and Python's packages ([`build`]), or
//! unpacked from a container image ([`unpack`]); kept in a [`Store`] under what went into it.
//!
//! It knows nothing of runs. What it fetches is checked against hashes that are part of Errand or of the request, and
//! what it unpacks can't write outside its folder.

mod apt;
mod base;
mod build;
mod chamber;
pub mod container;
mod digest;
mod error;
mod finish;
mod inspect;
mod layer;
mod libraries;
mod manifest;
mod needs;
mod pip;
mod progress;
mod recipe;
mod root;
mod seal;
mod store;
mod tool;
mod work;

#[cfg(test)]
mod tests;

pub use build::{BuildRequest, Built, build};
pub use container::{UnpackRequest, unpack};
pub use error::ImageError;
pub(crate) use inspect::interpreter_in;
pub use manifest::{DebianPackage, Library, Manifest, Origin};
pub use needs::{Obstacle, obstacles};
pub use progress::{Progress, Reporter, Stage};
pub use recipe::{Recipe, Requirements, architecture};
pub use store::{Image, Store};
