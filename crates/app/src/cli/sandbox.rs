//! `errand sandbox`: what root does once so that an ordinary user's Errand can run scripts.

use std::fs;

use errand_domain::Problem;
use serde_json::json;

use super::{
    context::Context,
    failure::{Exit, Failure},
};

#[derive(Debug, clap::Subcommand)]
pub enum SandboxCommand {
    /// As root, give a user control groups of their own; lasts until the machine restarts
    Delegate(DelegateArgs),
}

#[derive(Debug, clap::Args)]
pub struct DelegateArgs {
    /// Who runs Errand: a name or a number
    #[arg(long)]
    user: String,
}

pub fn run(context: &Context, command: SandboxCommand) -> Result<Exit, Failure> {
    let SandboxCommand::Delegate(DelegateArgs { user }) = command;
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let (uid, gid) = ids_of(&accounts, &user).or_else(|| unnamed(&user)).ok_or_else(|| {
        Failure::from(Problem::new(
            "unknown_user",
            format!("This machine has no user `{user}`."),
            "Give a name from `getent passwd`, or the user's number.",
        ))
    })?;
    let layout = errand_sandbox::delegate_cgroups(uid, gid).map_err(|error| {
        Failure::from(Problem::new(
            "no_delegation",
            error.to_string(),
            "`errand doctor` checks this machine.",
        ))
    })?;
    let groups: Vec<_> = layout.bases().iter().map(|base| base.display().to_string()).collect();
    context.output.show(&json!({ "uid": uid, "gid": gid, "groups": groups }), || {
        for group in &groups {
            context.output.line(group)?;
        }
        context.output.hint("They are the user's until the machine restarts.");
        if let Some(group) = layout.start_group() {
            let group = group.display();
            context.output.hint(&format!(
                "Start Errand in there, as root: `sh -c 'echo $$ > {group}/cgroup.procs && exec setpriv --reuid={uid} --regid={gid} \
                 --init-groups errand serve'`."
            ));
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// Who runs in a container needs no account outside of it.
fn unnamed(user: &str) -> Option<(u32, u32)> {
    user.parse().ok().map(|uid| (uid, uid))
}

/// User and group id of an account, by its name or number, from the text of `/etc/passwd`.
fn ids_of(accounts: &str, user: &str) -> Option<(u32, u32)> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, uid, gid) = (fields.next()?, fields.nth(1)?, fields.next()?);
        (name == user || uid == user).then(|| Some((uid.parse().ok()?, gid.parse().ok()?)))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user: &str, expect: Option<(u32, u32)>) {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\nerrand:x:998:997::/var/lib/errand:/usr/sbin/nologin\nbroken\n";
        assert_eq!(ids_of(accounts, user), expect, "{user}");
    }

    #[test]
    fn accounts() {
        check("errand", Some((998, 997)));
        check("998", Some((998, 997)));
        check("root", Some((0, 0)));
        check("nobody", None);
        check("x", None);
    }
}
