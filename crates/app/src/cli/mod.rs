//! The command line: what can be typed, and which file answers it.

mod action;
mod analytics;
mod ask;
mod audit;
mod backup;
mod backups;
pub mod context;
pub mod failure;
mod feedback;
mod guru;
mod history;
mod image;
mod key;
mod lab;
mod link;
mod lint;
mod log;
mod markdown;
mod new;
pub mod output;
mod sandbox;
mod schedule;
mod secret;
mod session;
mod share;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};

use self::{
    context::{Context, RemoteArgs},
    failure::{Exit, Failure},
    output::Output,
};
use crate::{
    config::{Config, ConfigArgs},
    doctor, model, serve,
};

const AFTER_HELP: &str = "\
Examples:
  errand serve --demo                          start the server with the demo guru
  errand ask \"Where is my refund? Order 12345\" ask, and see what ran for the answer
  errand action test refund_lookup order_id=12345
  errand secret set STRIPE_API_KEY             type the value, unseen
  errand doctor                                what is missing here, and how to mend it

The command line talks to the server at ERRAND_SERVER (default: the address in the settings), with the key in
ERRAND_API_KEY or, on the server's own machine, in the data directory. `errand doctor --variables` lists all variables.

Exit codes: 0 done, 1 failed, 2 wrong usage.";

/// Errand lets an assistant act: it plans, runs and answers.
#[derive(Parser)]
#[command(name = "errand", version, after_help = AFTER_HELP, max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    remote: RemoteArgs,
    /// Answer in JSON on standard output, and refuse in JSON on standard error
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server: dashboard, API and engine in one process
    Serve(serve::ServeArgs),
    /// Ask a guru, and see which actions ran for the answer
    Ask(ask::AskArgs),
    /// Write, check, test, run and manage actions
    #[command(subcommand, visible_alias = "actions")]
    Action(action::ActionCommand),
    /// Store credentials; no command gives a value back
    #[command(subcommand, visible_alias = "secrets")]
    Secret(secret::SecretCommand),
    /// What ran: newest first, or one run with everything known of it
    History(history::HistoryArgs),
    /// The gurus of the server
    #[command(subcommand, visible_alias = "gurus")]
    Guru(guru::GuruCommand),
    /// How a guru is used: runs, failures, durations, and questions that nothing matched
    Analytics(analytics::AnalyticsArgs),
    /// What askers thought of answers
    #[command(subcommand)]
    Feedback(feedback::FeedbackCommand),
    /// Links that show a conversation to others
    #[command(subcommand, visible_alias = "shares")]
    Share(share::ShareCommand),
    /// Who changed what, and whether the record of it is whole
    Audit(audit::AuditArgs),
    /// When actions run by themselves
    #[command(subcommand, visible_alias = "schedules")]
    Schedule(schedule::ScheduleCommand),
    /// People who can sign in
    #[command(subcommand, visible_alias = "users")]
    User(user::UserCommand),
    /// Where people are signed in
    #[command(subcommand, visible_alias = "sessions")]
    Session(session::SessionCommand),
    /// Members of a guru, with their roles and groups
    #[command(subcommand, visible_alias = "members")]
    Member(user::MemberCommand),
    /// Try triggers on labelled questions: figures, overlaps, what an edit would change
    #[command(subcommand)]
    Lab(lab::LabCommand),
    /// API keys for programs
    #[command(subcommand, visible_alias = "keys")]
    Key(key::KeyCommand),
    /// Make a new one-time sign-in link
    Link(link::LinkArgs),
    /// Write the database into a file, while the server runs
    Backup(backup::BackupArgs),
    /// Backups that the server makes of its own database and keeps beside it
    #[command(subcommand)]
    Backups(backups::BackupsCommand),
    /// Put a backup in the database's place, while the server is stopped
    Restore(backup::RestoreArgs),
    /// The language model of the built-in planner
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// The file system that Python actions run in
    #[command(subcommand, visible_alias = "images")]
    Image(image::ImageCommand),
    /// What root does once so that an ordinary user's Errand can run scripts
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    /// What this machine and installation can do, what is wrong, and how to mend it
    Doctor(doctor::DoctorArgs),
}

/// Reads the command line, does what it says and answers with the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse_usage(&error),
    };
    let output = Output::of_this_process(cli.json);
    let exit = run(cli, &output).unwrap_or_else(|failure| output.failure(&failure));
    ExitCode::from(exit.code())
}

fn refuse_usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to be told when even this can't be written.
    let _ = error.print();
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    ExitCode::from(if is_help { Exit::Done } else { Exit::Usage }.code())
}

fn run(cli: Cli, output: &Output) -> Result<Exit, Failure> {
    let config = Config::load(&cli.config).map_err(|error| Failure::of_report(&error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(
            "runtime",
            format!("No threads could be started: {error}."),
            "Raise the process limit and try again.",
        )
    })?;
    // Both the server's requests and the command line's need it; a second one finds the first, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if let Command::Serve(args) = cli.command {
        log::start(&config)?;
        let served = runtime.block_on(serve::run(config, args));
        return served.map(|()| Exit::Done).map_err(|error| Failure::of_report(&error));
    }
    let context = Context { config, remote: cli.remote, output: output.clone() };
    let done = runtime.block_on(dispatch(cli.command, &context));
    // Work in threads that was interrupted, such as unpacking an image, is not waited for.
    runtime.shutdown_background();
    done
}

async fn dispatch(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Serve(_) => Ok(Exit::Done),
        Command::Ask(args) => ask::run(context, args).await,
        Command::Action(command) => action::run(context, command).await,
        Command::Secret(command) => secret::run(context, command).await,
        Command::History(args) => history::run(context, args).await,
        Command::Guru(command) => guru::run(context, command).await,
        Command::Lab(command) => lab::run(context, command).await,
        Command::Key(command) => key::run(context, command).await,
        Command::Analytics(args) => analytics::run(context, args).await,
        Command::Feedback(command) => feedback::run(context, command).await,
        Command::Share(command) => share::run(context, command).await,
        Command::Audit(args) => audit::run(context, args).await,
        Command::Backup(args) => backup::backup(context, args).await,
        Command::Backups(command) => backups::run(context, command).await,
        Command::Restore(args) => backup::restore(context, args).await,
        Command::Schedule(command) => schedule::run(context, command).await,
        Command::Session(command) => session::run(context, command).await,
        Command::User(command) => user::run(context, command).await,
        Command::Member(command) => user::run_member(context, command).await,
        Command::Link(args) => link::run(context, args).await,
        Command::Model(command) => model::run(&context.config, &context.output, command).await,
        Command::Image(command) => image::run(context, command).await,
        Command::Sandbox(command) => sandbox::run(context, command),
        Command::Doctor(args) => doctor::run(context, args).await,
    }
}

/// The whole command tree, for tests of its shape.
#[cfg(test)]
fn command_tree() -> clap::Command {
    use clap::CommandFactory as _;
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        command_tree().debug_assert();
    }

    fn check(line: &str, expect: Result<(), ErrorKind>) {
        let words = std::iter::once("errand").chain(line.split_whitespace());
        let got = Cli::try_parse_from(words).map(|_| ()).map_err(|error| error.kind());
        assert_eq!(got, expect, "{line}");
    }

    #[test]
    fn lines_are_taken_or_refused() {
        check("ask hello", Ok(()));
        check("ask hello --continue --explain", Ok(()));
        check("ask hello --continue --session conv_1", Err(ErrorKind::ArgumentConflict));
        check("ask hello --plan --explain", Err(ErrorKind::ArgumentConflict));
        check("action test refund_lookup order_id=12345 note=a=b", Ok(()));
        check("action run refund_lookup --arguments {\"order_id\":\"1\"}", Ok(()));
        check("action run refund_lookup order_id", Err(ErrorKind::ValueValidation));
        check("action lint", Err(ErrorKind::MissingRequiredArgument));
        check("action lint --all", Ok(()));
        check("secret set STRIPE_API_KEY", Ok(()));
        check("secret set STRIPE_API_KEY sk_live_1", Err(ErrorKind::UnknownArgument));
        check("history --status failed,timed_out --limit 5 --json", Ok(()));
        check("history run_1 --status failed", Err(ErrorKind::ArgumentConflict));
        check("history --status nonsense", Err(ErrorKind::InvalidValue));
        check("history --vote sideways", Err(ErrorKind::InvalidValue));
        check("feedback vote turn_1 down --comment late", Ok(()));
        check("feedback vote turn_1", Err(ErrorKind::MissingRequiredArgument));
        check("share create conv_1 --anyone --days 7", Ok(()));
        check("analytics --by model", Ok(()));
        check("model install --from model.whl", Ok(()));
        check("image build --requirements more.txt --anew", Ok(()));
        check("sandbox delegate --user errand", Ok(()));
        check("sandbox delegate", Err(ErrorKind::MissingRequiredArgument));
        check("image unpack", Err(ErrorKind::MissingRequiredArgument));
        check("image rm 3f1c 4d2e", Ok(()));
        check("image rm --unused", Ok(()));
        check("image rm", Err(ErrorKind::MissingRequiredArgument));
        check("image rm 3f1c --unused", Err(ErrorKind::ArgumentConflict));
        check("--server http://127.0.0.1:1 doctor", Ok(()));
        check("lab run --catalogue a.json --cases b.jsonl --min-f1 0.95", Ok(()));
        check("lab run --suite refunds --planner embedded --json", Ok(()));
        check("lab run --catalogue a.json", Err(ErrorKind::MissingRequiredArgument));
        check("lab run --cases b.jsonl --min-f1 95", Err(ErrorKind::ValueValidation));
        check("guru planner set llm --model m --base-url http://127.0.0.1:1/v1", Ok(()));
        check("sing", Err(ErrorKind::InvalidSubcommand));
    }

    #[test]
    fn every_command_explains_itself() {
        fn visit(command: &clap::Command, path: &str, silent: &mut Vec<String>) {
            for child in command.get_subcommands() {
                let path = format!("{path} {}", child.get_name());
                if child.get_about().is_none() {
                    silent.push(path.clone());
                }
                visit(child, &path, silent);
            }
        }
        let mut silent = Vec::new();
        visit(&command_tree(), "errand", &mut silent);
        assert_eq!(silent, Vec::<String>::new());
    }
}
