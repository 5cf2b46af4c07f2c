//! `errand guru`: which assistants the server has.

use serde::Deserialize;

use super::{
    context::Context,
    failure::{Exit, Failure},
    output::plain,
};
use crate::client::read;

#[derive(Debug, clap::Subcommand)]
pub enum GuruCommand {
    /// List the gurus that you may use
    #[command(visible_alias = "ls")]
    List,
}

#[derive(Deserialize)]
struct Gurus {
    items: Vec<Guru>,
}

#[derive(Deserialize)]
struct Guru {
    slug: String,
    name: String,
    planner: String,
    time_zone: String,
}

pub async fn run(context: &Context, command: GuruCommand) -> Result<Exit, Failure> {
    let GuruCommand::List = command;
    let reply = context.client()?.get(&["gurus"]).await?;
    context.output.show(&reply, || {
        let gurus: Gurus = read(&reply)?;
        if gurus.items.is_empty() {
            context.output.line("There are no gurus. Make one in the dashboard, or start the server with `errand serve --demo`.")?;
            return Ok(());
        }
        let mut table = context.output.table(&["slug", "name", "planner", "time zone"]);
        table.add_rows(gurus.items.iter().map(|guru| [&guru.slug, &guru.name, &guru.planner, &guru.time_zone].map(|text| plain(text).into_owned())));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}
