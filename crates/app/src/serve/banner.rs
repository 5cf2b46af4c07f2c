//! What `errand serve` says when it is ready.

use std::net::SocketAddr;

use owo_colors::{OwoColorize as _, Stream::Stdout};

use crate::config::Config;

pub struct Facts<'a> {
    pub address: SocketAddr,
    pub config: &'a Config,
    /// A one-time sign-in link, at the first start.
    pub link: Option<&'a str>,
    pub demo: bool,
    pub notices: &'a [String],
}

/// Printed once; a person reads it, so it goes to standard output and not to the log.
pub fn print(facts: &Facts<'_>) {
    let bold = |text: &str| text.if_supports_color(Stdout, |text| text.bold()).to_string();
    let shown = super::shown_address(facts.address, &facts.config.public_url);
    println!("{} {} is ready at {}", bold("Errand"), env!("CARGO_PKG_VERSION"), bold(&shown));
    println!("  data      {}", facts.config.data_dir.display());
    println!("  API       {shown}/api/docs");
    match facts.link {
        Some(link) => {
            println!("  sign in   {}\n            (works once; `errand link` makes another)", bold(link));
        }
        None => println!("  sign in   {shown}/sign-in, or with a link from `errand link`"),
    }
    for notice in facts.notices {
        println!("  note      {notice}");
    }
    if facts.demo {
        println!("\nThree questions to try, here or in the browser:");
        for question in super::demo::QUESTIONS {
            println!("  errand ask \"{question}\"");
        }
    }
}
