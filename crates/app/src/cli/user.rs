//! `errand user` and `errand member`: people of the installation, and of a guru.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    action::confirm,
    context::{Context, Door},
    failure::{Exit, Failure},
    output::{human_time, plain},
};
use crate::client::{Call, Client, read};

#[derive(Debug, clap::Subcommand)]
pub enum UserCommand {
    /// List everybody who can sign in
    #[command(visible_alias = "ls")]
    List,
    /// Let somebody in; prints their one-time sign-in link
    Create {
        /// Their e-mail address
        email: String,
        /// Their name
        #[arg(long, default_value = "")]
        name: String,
        /// May do everything everywhere
        #[arg(long)]
        super_admin: bool,
    },
    /// Change somebody's role in the installation
    Role {
        /// Their e-mail address
        email: String,
        /// `super_admin` may do everything everywhere; `viewer` what the gurus' members lists say
        #[arg(value_parser = ["super_admin", "viewer"])]
        role: String,
    },
    /// Make a new one-time sign-in link for somebody
    Link {
        /// Their e-mail address
        email: String,
    },
    /// Sign somebody out everywhere
    SignOut {
        /// Their e-mail address
        email: String,
    },
    /// Forget who somebody is at the identity provider, so that their address links them anew
    Unlink {
        /// Their e-mail address
        email: String,
    },
    /// Take somebody out; what they did stays in history and audit log
    #[command(visible_alias = "rm")]
    Delete {
        /// Their e-mail address
        email: String,
        /// Don't ask
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum MemberCommand {
    /// List the guru's members
    #[command(visible_alias = "ls")]
    List,
    /// Make somebody a member, or change a member's role and groups
    #[command(
        after_help = "Examples:\n  errand member set ana@acme.test --group Support --group \"Night shift\"\n  errand member set bo@acme.test --role guru_admin"
    )]
    Set {
        /// E-mail address of somebody with an account
        email: String,
        /// `viewer` asks, `guru_admin` builds too
        #[arg(long, default_value = "viewer", value_parser = ["viewer", "guru_admin"])]
        role: String,
        /// A group, as actions see it; may be given several times. All that are not given are taken away
        #[arg(long = "group", value_name = "NAME")]
        groups: Vec<String>,
    },
    /// End a membership
    #[command(visible_alias = "delete")]
    Rm {
        /// The member's e-mail address
        email: String,
    },
}

#[derive(Deserialize)]
struct Users {
    items: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    email: String,
    name: String,
    role: String,
    gurus: Vec<GuruRole>,
    created_at: String,
}

#[derive(Deserialize)]
struct GuruRole {
    guru: String,
    role: String,
}

pub async fn run(context: &Context, command: UserCommand) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        UserCommand::List => list(context, &client).await,
        UserCommand::Create { email, name, super_admin } => {
            let role = if super_admin { "super_admin" } else { "viewer" };
            let body = json!({ "email": email, "name": name, "role": role });
            let reply = client.post(&["users"], Some(&body)).await?;
            show_link(context, reply, "/sign_in_link/path")
        }
        UserCommand::Role { email, role } => {
            let id = id_of(&client, &email).await?;
            let body = json!({ "role": role });
            let path = ["users", id.as_str()];
            let call = Call { method: reqwest::Method::PATCH, path: &path, query: &[], body: Some(&body) };
            let reply = client.call(call).await?;
            said(context, &reply, &format!("{} is `{role}` now.", plain(&email)))
        }
        UserCommand::Link { email } => {
            let id = id_of(&client, &email).await?;
            let reply = client.post(&["users", &id, "link"], None).await?;
            show_link(context, reply, "/path")
        }
        UserCommand::SignOut { email } => {
            let id = id_of(&client, &email).await?;
            let reply = client.post(&["users", &id, "sign-out"], None).await?;
            said(context, &reply, &format!("{} is signed out everywhere.", plain(&email)))
        }
        UserCommand::Unlink { email } => {
            let id = id_of(&client, &email).await?;
            let reply = client.delete(&["users", &id, "identities"]).await?;
            said(context, &reply, &format!("{} is linked to nobody at the provider now.", plain(&email)))
        }
        UserCommand::Delete { email, yes } => {
            let id = id_of(&client, &email).await?;
            if !yes {
                confirm(&format!("Take out {email}?"))?;
            }
            client.delete(&["users", &id]).await?;
            said(context, &json!({ "deleted": email }), &format!("Took out {}.", plain(&email)))
        }
    }
}

async fn list(context: &Context, client: &Client) -> Result<Exit, Failure> {
    let reply = client.get(&["users"]).await?;
    context.output.show(&reply, || {
        let users: Users = read(&reply)?;
        let mut table = context.output.table(&["e-mail", "name", "role", "gurus", "since"]);
        table.add_rows(users.items.iter().map(|user| {
            let gurus: Vec<_> = user.gurus.iter().map(|one| format!("{} ({})", one.guru, one.role)).collect();
            let shown = [user.email.as_str(), &user.name, &user.role, &gurus.join(", ")];
            let mut row: Vec<String> = shown.map(|text| plain(text).into_owned()).into();
            row.push(human_time(&user.created_at));
            row
        }));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

/// People are known by their addresses; the API by ids, which stay when an address changes.
pub async fn id_of(client: &Client, email: &str) -> Result<String, Failure> {
    let users: Users = read(&client.get(&["users"]).await?)?;
    let wanted = email.trim().to_lowercase();
    let found = users.items.into_iter().find(|user| user.email.to_lowercase() == wanted);
    found.map(|user| user.id).ok_or_else(|| {
        Failure::new(
            "not_found",
            format!("Nobody here has the address `{email}`."),
            "`errand user list` shows everybody.",
        )
    })
}

/// Puts the link together: the server knows its path, the command line how the server is reached.
fn show_link(context: &Context, mut reply: Value, pointer: &str) -> Result<Exit, Failure> {
    let path = reply.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let base = if context.is_own_server(&context.server()) {
        context.config.public_url.clone()
    } else {
        context.server()
    };
    let link = format!("{}{path}", base.trim_end_matches('/'));
    if let Some(fields) = reply.as_object_mut() {
        fields.insert("link".to_owned(), Value::String(link.clone()));
    }
    context.output.show(&reply, || {
        context.output.line(&link)?;
        context.output.hint(
            "It works once, within seven days. Whoever opens it is signed in, so pass it on with care.",
        );
        Ok(())
    })?;
    Ok(Exit::Done)
}

pub fn said(context: &Context, reply: &Value, words: &str) -> Result<Exit, Failure> {
    context.output.show(reply, || Ok(context.output.line(words)?))?;
    Ok(Exit::Done)
}

#[derive(Deserialize)]
struct Members {
    items: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    user_id: String,
    email: String,
    name: String,
    role: String,
    groups: Vec<String>,
}

pub async fn run_member(context: &Context, command: MemberCommand) -> Result<Exit, Failure> {
    let door = context.door().await?;
    match command {
        MemberCommand::List => list_members(context, &door).await,
        MemberCommand::Set { email, role, groups } => {
            let body = json!({ "email": email, "role": role, "groups": groups });
            let reply = door.client.post(&[&door.guru, "members"], Some(&body)).await?;
            said(context, &reply, &format!("{} is `{role}` of `{}` now.", plain(&email), door.guru))
        }
        MemberCommand::Rm { email } => {
            let members: Members = read(&door.client.get(&[&door.guru, "members"]).await?)?;
            let wanted = email.trim().to_lowercase();
            let found = members.items.into_iter().find(|member| member.email.to_lowercase() == wanted);
            let member = found.ok_or_else(|| {
                Failure::new(
                    "not_found",
                    format!("`{email}` is no member of `{}`.", door.guru),
                    "`errand member list` shows the members.",
                )
            })?;
            door.client.delete(&[&door.guru, "members", &member.user_id]).await?;
            said(
                context,
                &json!({ "removed": email }),
                &format!("{} is no member of `{}` any more.", plain(&email), door.guru),
            )
        }
    }
}

async fn list_members(context: &Context, door: &Door) -> Result<Exit, Failure> {
    let reply = door.client.get(&[&door.guru, "members"]).await?;
    context.output.show(&reply, || {
        let members: Members = read(&reply)?;
        if members.items.is_empty() {
            context
                .output
                .line(format!("`{}` has no members; super admins may use it all the same.", door.guru))?;
            return Ok(());
        }
        let mut table = context.output.table(&["e-mail", "name", "role", "groups"]);
        table.add_rows(members.items.iter().map(|member| {
            let groups =
                if member.groups.is_empty() { "Everyone".to_owned() } else { member.groups.join(", ") };
            [member.email.as_str(), &member.name, &member.role, &groups].map(|text| plain(text).into_owned())
        }));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}
