//! `errand schedule`: when actions run by themselves.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    action::run::{arguments, pair},
    context::{Context, Door},
    failure::{Exit, Failure},
    output::{Output, Tone, human_ms, human_time, plain},
};
use crate::client::{Call, read};

#[derive(Debug, clap::Subcommand)]
pub enum ScheduleCommand {
    /// List the guru's schedules with their next firings
    #[command(visible_alias = "ls")]
    List,
    /// Give an action a schedule, in place of the one it has
    Set(SetArgs),
    /// Show an action's schedule
    Show {
        /// Name of the action
        action: String,
    },
    /// Say a cron expression in words, with its next five firings
    Preview {
        /// Minute, hour, day of month, month, day of week, in quotes
        cron: String,
        /// IANA time zone [default: the guru's]
        #[arg(long, value_name = "ZONE")]
        zone: Option<String>,
    },
    /// What came of an action's schedule lately
    Firings {
        /// Name of the action
        action: String,
        /// How many at most
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
    },
    /// Whom the action's results were told to lately
    Deliveries {
        /// Name of the action
        action: String,
        /// How many at most
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
    },
    /// Send everybody who is told of the action's results a message that says it is a test
    Test {
        /// Name of the action
        action: String,
    },
    /// Take an action's schedule away; what runs goes on
    #[command(visible_alias = "delete")]
    Rm {
        /// Name of the action
        action: String,
    },
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand schedule set daily_report \"0 9 * * 1-5\" --zone Europe/Berlin\n  errand schedule set sla_breach \"*/15 * * * *\" hours_ahead=3 --overlap queue\n  errand schedule set sla_breach \"0 9 * * *\" --slack TEAM_SLACK_URL --tell on-failure\n  errand schedule set sla_breach \"0 9 * * *\" --webhook HOOK_URL:HOOK_KEY --email ana@example.com"
)]
pub struct SetArgs {
    /// Name of the action
    action: String,
    /// Minute, hour, day of month, month, day of week, in quotes
    cron: String,
    /// Values for the action's parameters
    #[arg(value_name = "KEY=VALUE", value_parser = pair)]
    pairs: Vec<(String, String)>,
    /// IANA time zone [default: the guru's]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// When the run before has not ended
    #[arg(long, default_value = "skip", value_parser = ["skip", "queue", "allow"])]
    overlap: String,
    /// When no server was there in time
    #[arg(long, default_value = "skip", value_parser = ["skip", "catch-up-once"])]
    missed: String,
    /// Keep it without firing
    #[arg(long)]
    disabled: bool,
    /// Which runs are told of
    #[arg(long, default_value = "always", value_parser = ["always", "on-failure", "on-change"])]
    tell: String,
    /// Tell Slack: the secret that holds the address of an incoming webhook
    #[arg(long, value_name = "SECRET")]
    slack: Vec<String>,
    /// Tell by e-mail; several addresses are told by one mail
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    email: Vec<String>,
    /// Tell a webhook: the secrets that hold its address and the key of its signature
    #[arg(long, value_name = "URL_SECRET:KEY_SECRET", value_parser = secret_pair)]
    webhook: Vec<(String, String)>,
}

fn secret_pair(text: &str) -> Result<(String, String), String> {
    let (url, key) = text.split_once(':').ok_or("write it as URL_SECRET:KEY_SECRET")?;
    Ok((url.to_owned(), key.to_owned()))
}

/// Null for nobody.
fn results(args: &SetArgs) -> Value {
    let mut to: Vec<Value> =
        args.slack.iter().map(|secret| json!({ "type": "slack", "url_secret": secret })).collect();
    if !args.email.is_empty() {
        to.push(json!({ "type": "email", "to": args.email }));
    }
    to.extend(
        args.webhook
            .iter()
            .map(|(url, key)| json!({ "type": "webhook", "url_secret": url, "signing_secret": key })),
    );
    if to.is_empty() { Value::Null } else { json!({ "when": args.tell.replace('-', "_"), "to": to }) }
}

#[derive(Deserialize)]
struct Schedules {
    items: Vec<Schedule>,
}

#[derive(Deserialize)]
struct Schedule {
    action: String,
    cron: String,
    time_zone: String,
    words: String,
    overlap: String,
    missed: String,
    enabled: bool,
    next: Vec<String>,
    results: Option<Results>,
    last: Option<Firing>,
}

#[derive(Deserialize)]
struct Results {
    when: String,
    to: Vec<Receiver>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Receiver {
    Slack { url_secret: String },
    Email { to: Vec<String> },
    Webhook { url_secret: String },
}

impl Receiver {
    fn words(&self) -> String {
        match self {
            Self::Slack { url_secret } => format!("Slack ({url_secret})"),
            Self::Email { to } => to.join(", "),
            Self::Webhook { url_secret } => format!("webhook ({url_secret})"),
        }
    }
}

#[derive(Deserialize)]
struct Firing {
    at: String,
    outcome: String,
    execution_id: Option<String>,
    lateness_ms: Option<u32>,
}

pub async fn run(context: &Context, command: ScheduleCommand) -> Result<Exit, Failure> {
    let door = context.door().await?;
    match command {
        ScheduleCommand::List => list(context, &door).await,
        ScheduleCommand::Set(args) => set(context, &door, args).await,
        ScheduleCommand::Show { action } => {
            let reply = door.client.get(&[&door.guru, "actions", &action, "schedule"]).await?;
            show(context, &reply)
        }
        ScheduleCommand::Preview { cron, zone } => preview(context, &door, &cron, zone.as_deref()).await,
        ScheduleCommand::Firings { action, limit } => firings(context, &door, &action, limit).await,
        ScheduleCommand::Deliveries { action, limit } => deliveries(context, &door, &action, limit).await,
        ScheduleCommand::Test { action } => test_receivers(context, &door, &action).await,
        ScheduleCommand::Rm { action } => {
            door.client.delete(&[&door.guru, "actions", &action, "schedule"]).await?;
            context.output.show(&json!({ "deleted": action }), || {
                Ok(context.output.line(format!("`{}` runs by itself no more.", plain(&action)))?)
            })?;
            Ok(Exit::Done)
        }
    }
}

async fn list(context: &Context, door: &Door) -> Result<Exit, Failure> {
    let reply = door.client.get(&[&door.guru, "schedules"]).await?;
    context.output.show(&reply, || {
        let schedules: Schedules = read(&reply)?;
        if schedules.items.is_empty() {
            context.output.line(format!(
                "No action of `{}` runs by itself. Begin with `errand schedule set NAME \"0 9 * * 1-5\"`.",
                door.guru
            ))?;
            return Ok(());
        }
        let mut table = context.output.table(&["action", "when", "zone", "state", "next", "last"]);
        table.add_rows(schedules.items.iter().map(row));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

fn row(schedule: &Schedule) -> [String; 6] {
    let state = if schedule.enabled { "on" } else { "off" };
    let next = schedule.next.first().filter(|_| schedule.enabled).map_or("–", String::as_str);
    let last = schedule
        .last
        .as_ref()
        .map_or_else(|| "never".to_owned(), |last| format!("{} {}", last.outcome, human_time(&last.at)));
    [&schedule.action, &schedule.words, &schedule.time_zone, state, next, &last]
        .map(|text| plain(text).into_owned())
}

async fn set(context: &Context, door: &Door, args: SetArgs) -> Result<Exit, Failure> {
    let results = results(&args);
    let mut body = json!({
        "results": results,
        "cron": args.cron,
        "arguments": arguments(args.pairs, None)?,
        "overlap": args.overlap,
        "missed": args.missed.replace('-', "_"),
        "enabled": !args.disabled,
    });
    if let Some(zone) = args.zone {
        body["time_zone"] = Value::String(zone);
    }
    let reply = door.client.put(&[&door.guru, "actions", &args.action, "schedule"], &body).await?;
    show(context, &reply)
}

fn show(context: &Context, reply: &Value) -> Result<Exit, Failure> {
    context.output.show(reply, || {
        for line in show_lines(&context.output, &read(reply)?) {
            context.output.line(line)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn show_lines(output: &Output, schedule: &Schedule) -> Vec<String> {
    let state = if schedule.enabled { "" } else { " (off)" };
    let mut lines = vec![
        format!("{}{state}", output.paint(Tone::Strong, &plain(&schedule.action))),
        format!("{} ({} in {})", plain(&schedule.words), plain(&schedule.cron), plain(&schedule.time_zone)),
        format!("overlap: {}, missed: {}", schedule.overlap, schedule.missed.replace('_', "-")),
    ];
    lines.extend(schedule.results.as_ref().map(|results| {
        let told: Vec<_> = results.to.iter().map(Receiver::words).collect();
        format!("tells {} {}", plain(&told.join("; ")), results.when.replace('_', "-"))
    }));
    lines.extend(schedule.next.iter().map(|next| format!("next {}", plain(next))));
    lines.extend(
        schedule.last.as_ref().map(|last| format!("last {} {}", human_time(&last.at), plain(&last.outcome))),
    );
    lines
}

#[derive(Deserialize)]
struct Outlook {
    words: String,
    time_zone: String,
    next: Vec<String>,
}

async fn preview(context: &Context, door: &Door, cron: &str, zone: Option<&str>) -> Result<Exit, Failure> {
    let body = match zone {
        Some(zone) => json!({ "cron": cron, "time_zone": zone }),
        None => json!({ "cron": cron }),
    };
    let reply = door.client.post(&[&door.guru, "schedules", "preview"], Some(&body)).await?;
    context.output.show(&reply, || {
        let outlook: Outlook = read(&reply)?;
        context.output.line(format!("{} ({})", plain(&outlook.words), plain(&outlook.time_zone)))?;
        for next in &outlook.next {
            context.output.line(plain(next))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

#[derive(Deserialize)]
struct Firings {
    items: Vec<Firing>,
}

async fn firings(context: &Context, door: &Door, action: &str, limit: u32) -> Result<Exit, Failure> {
    let query = [("limit", limit.to_string())];
    let path = [door.guru.as_str(), "actions", action, "schedule", "firings"];
    let call = Call { method: reqwest::Method::GET, path: &path, query: &query, body: None };
    let reply = door.client.call(call).await?;
    context.output.show(&reply, || {
        let firings: Firings = read(&reply)?;
        let mut table = context.output.table(&["due", "outcome", "run", "late by"]);
        table.add_rows(firings.items.iter().map(|firing| {
            let late = firing.lateness_ms.map_or_else(|| "–".to_owned(), |ms| human_ms(f64::from(ms)));
            let run = firing.execution_id.as_deref().unwrap_or("–");
            [human_time(&firing.at), plain(&firing.outcome).into_owned(), plain(run).into_owned(), late]
        }));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

#[derive(Deserialize)]
struct Deliveries {
    items: Vec<Delivery>,
}

#[derive(Deserialize)]
struct Delivery {
    execution_id: String,
    channel: String,
    receiver: String,
    status: String,
    tries: u32,
    error: Option<String>,
    created_at: String,
}

async fn deliveries(context: &Context, door: &Door, action: &str, limit: u32) -> Result<Exit, Failure> {
    let query = [("limit", limit.to_string())];
    let path = [door.guru.as_str(), "actions", action, "schedule", "deliveries"];
    let call = Call { method: reqwest::Method::GET, path: &path, query: &query, body: None };
    let reply = door.client.call(call).await?;
    context.output.show(&reply, || {
        let found: Deliveries = read(&reply)?;
        let mut table = context.output.table(&["when", "run", "to", "status", "tries", "why"]);
        table.add_rows(found.items.iter().map(|one| {
            [
                human_time(&one.created_at),
                plain(&one.execution_id).into_owned(),
                plain(&format!("{} {}", one.channel, one.receiver)).into_owned(),
                plain(&one.status).into_owned(),
                one.tries.to_string(),
                one.error.as_deref().map_or_else(|| "–".to_owned(), |error| plain(error).into_owned()),
            ]
        }));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_a_row_and_some_lines() {
        let schedule = json!({
            "action": "report", "cron": "0 9 * * 1", "time_zone": "Europe/Berlin", "words": "At 09:00, on Monday.",
            "arguments": {}, "overlap": "skip", "missed": "catch_up_once", "enabled": true,
            "next": ["2026-11-30T09:00:00+01:00"],
            "results": {"when": "on_failure", "to": [{"type": "slack", "url_secret": "TEAM"}, {"type": "email", "to": ["a@b.c"]}]},
            "last": {"at": "2026-11-23T08:00:00Z", "outcome": "fired", "execution_id": "run_1", "started_at": null, "lateness_ms": 12},
        });
        let schedule: Schedule = read(&schedule).expect("a schedule as the server sends it");
        let expect = [
            "report",
            "At 09:00, on Monday.",
            "Europe/Berlin",
            "on",
            "2026-11-30T09:00:00+01:00",
            "fired 2026-11-23 08:00:00Z",
        ];
        assert_eq!(row(&schedule), expect);
        let expect = [
            "report",
            "At 09:00, on Monday. (0 9 * * 1 in Europe/Berlin)",
            "overlap: skip, missed: catch-up-once",
            "tells Slack (TEAM); a@b.c on-failure",
            "next 2026-11-30T09:00:00+01:00",
            "last 2026-11-23 08:00:00Z fired",
        ];
        assert_eq!(show_lines(&Output::plain(), &schedule), expect);
    }
}

#[derive(Deserialize)]
struct Tested {
    delivered: bool,
    error: Option<String>,
}

/// Fails when one of them did not take it.
async fn test_receivers(context: &Context, door: &Door, action: &str) -> Result<Exit, Failure> {
    let schedule = door.client.get(&[&door.guru, "actions", action, "schedule"]).await?;
    let receivers = schedule["results"]["to"].as_array().cloned().unwrap_or_default();
    if receivers.is_empty() {
        return Err(Failure::new(
            "nobody_told",
            format!("Nobody is told of the results of `{action}`."),
            "Name somebody with `errand schedule set`: `--slack`, `--email` or `--webhook`.",
        ));
    }
    let path = [door.guru.as_str(), "actions", action, "schedule", "test-receiver"];
    let (mut told, mut lines, mut are_all_told) = (Vec::new(), Vec::new(), true);
    for receiver in receivers {
        let reply = door.client.post(&path, Some(&receiver)).await?;
        let tested: Tested = read(&reply)?;
        let words = read::<Receiver>(&receiver)?.words();
        lines.push(match tested.error.filter(|_| !tested.delivered) {
            None => format!("{} took it", plain(&words)),
            Some(error) => format!("{} did not take it: {}", plain(&words), plain(&error)),
        });
        are_all_told &= tested.delivered;
        told.push(json!({ "receiver": receiver, "result": reply }));
    }
    context.output.show(&json!({ "items": told }), || {
        for line in &lines {
            context.output.line(line)?;
        }
        Ok(())
    })?;
    Ok(if are_all_told { Exit::Done } else { Exit::Failed })
}
