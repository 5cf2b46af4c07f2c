//! Building actions: create, change, enable, import, delete, and the advice that goes with it.

use std::{collections::BTreeSet, sync::Arc};

use errand_domain::{
    Action, ActionBody, ActionId, ActionName, ActionSpec, Position, Problem, Problems, SecretName,
    action_file::ActionFile,
    lint::{self, Advice},
    name::RESERVED_ACTION_NAMES,
};
use errand_storage::{
    Transaction,
    actions::{self, ActionChange, Enablement, NewAction},
    executions::{self, LastRun},
    schedules,
};

use super::Change;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    answer::template,
    catalogue::GuruView,
    clock::new_uuid,
    error::Result,
};

/// An action with what a list shows beside it.
#[derive(Debug, Clone)]
pub struct ActionDetails {
    pub action: Arc<Action>,
    pub secrets: BTreeSet<SecretName>,
    /// Secrets it refers to that the guru does not have.
    pub missing_secrets: BTreeSet<SecretName>,
    pub last_run: Option<LastRun>,
    /// What the builder should know ("never tested"); nothing that was refused.
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Clone)]
pub struct ActionList {
    pub items: Vec<ActionDetails>,
    pub used: u32,
    pub limit: u32,
}

/// How strict to be with names that are no secret of the guru yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownNames {
    /// An unknown placeholder is an error.
    Refuse,
    /// It may be a secret that is still to be set (import); it is listed as missing.
    AllowAsSecrets,
}

impl Engine {
    pub async fn list_actions(&self, permit: &Permit<Manage>) -> Result<ActionList> {
        let last_runs = executions::last_runs(&self.db().reader, permit.guru_id()).await?;
        let items: Vec<_> = permit
            .guru
            .actions
            .iter()
            .map(|action| ActionDetails {
                last_run: last_runs.iter().find(|run| run.action_id == action.id).copied(),
                ..details(&permit.guru, Arc::clone(action))
            })
            .collect();
        let used = u32::try_from(items.len()).unwrap_or(u32::MAX);
        Ok(ActionList { items, used, limit: self.action_limit(&permit.guru) })
    }

    pub async fn find_action(&self, permit: &Permit<Manage>, name: &str) -> Result<ActionDetails> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let last_run = executions::last_run(&self.db().reader, permit.guru_id(), action.id).await?;
        Ok(ActionDetails { last_run, ..details(&permit.guru, Arc::clone(action)) })
    }

    /// Saves a new action, disabled.
    pub async fn create_action(
        &self,
        permit: &Permit<Manage>,
        file: &ActionFile,
        unknown: UnknownNames,
    ) -> Result<ActionDetails> {
        let spec = self.checked(&permit.guru, file, None, unknown)?;
        self.check_script(&spec).await?;
        let now = self.clock().now();
        let action = Action {
            id: ActionId::from_uuid(new_uuid()),
            guru_id: permit.guru_id(),
            version: 1,
            enabled: false,
            tested_version: None,
            disabled_reason: None,
            spec: Arc::new(spec),
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        self.check_action_limit(&mut tx, &permit.guru).await?;
        actions::insert(
            &mut tx,
            permit.guru_id(),
            NewAction { id: action.id, spec: &action.spec, author: permit.actor().label, at: now },
        )
        .await
        .map_err(|error| taken(error, &action))?;
        self.audit(
            &mut tx,
            &permit.guru.masker,
            change(permit, "action.create", &action, None, Some(ActionFile::from(&*action.spec))),
        )
        .await?;
        tx.commit().await?;
        self.after_change(permit, &action).await
    }

    /// Saves a changed definition as the next version. The action keeps its state; a test of the old version does not
    /// count for the new one.
    pub async fn update_action(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        file: &ActionFile,
    ) -> Result<ActionDetails> {
        let old = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let spec = self.checked(&permit.guru, file, Some(old.id), UnknownNames::Refuse)?;
        if spec == *old.spec {
            return Ok(details(&permit.guru, Arc::clone(old)));
        }
        if old.enabled {
            self.check_has_runner(&spec)?;
        }
        self.check_script(&spec).await?;
        let action = Action {
            version: old.version + 1,
            spec: Arc::new(spec),
            updated_at: self.clock().now(),
            ..(**old).clone()
        };
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        actions::update(
            &mut tx,
            permit.guru_id(),
            ActionChange {
                id: old.id,
                version: old.version,
                spec: &action.spec,
                author: permit.actor().label,
                at: action.updated_at,
            },
        )
        .await
        .map_err(|error| taken(error, &action))?;
        let (before, after) = (ActionFile::from(&*old.spec), ActionFile::from(&*action.spec));
        self.audit(
            &mut tx,
            &permit.guru.masker,
            change(permit, "action.update", &action, Some(before), Some(after)),
        )
        .await?;
        tx.commit().await?;
        self.after_change(permit, &action).await
    }

    pub async fn enable_action(&self, permit: &Permit<Manage>, name: &str) -> Result<ActionDetails> {
        let found = self.find_action(permit, name).await?;
        self.check_has_runner(&found.action.spec)?;
        if let Some(secret) = found.missing_secrets.first() {
            return Err(EngineError::Conflict(Problem::new(
                "missing_secret",
                format!("`{name}` needs the secret `{secret}`, which is not set."),
                format!("Set it with `errand secret set {secret}`, then enable the action."),
            )));
        }
        self.set_enabled(permit, &found.action, true).await
    }

    pub async fn disable_action(&self, permit: &Permit<Manage>, name: &str) -> Result<ActionDetails> {
        let found = self.find_action(permit, name).await?;
        self.set_enabled(permit, &found.action, false).await
    }

    async fn set_enabled(
        &self,
        permit: &Permit<Manage>,
        action: &Action,
        enabled: bool,
    ) -> Result<ActionDetails> {
        let verb = if enabled { "action.enable" } else { "action.disable" };
        let changed =
            Action { enabled, disabled_reason: None, updated_at: self.clock().now(), ..action.clone() };
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let state = if enabled { Enablement::Enabled } else { Enablement::Disabled { reason: None } };
        if !actions::set_enabled(&mut tx, permit.guru_id(), action.id, state, changed.updated_at).await? {
            return Err(EngineError::not_found("action", &action.spec.name));
        }
        self.audit(&mut tx, &permit.guru.masker, change(permit, verb, action, None, None)).await?;
        tx.commit().await?;
        self.after_change(permit, &changed).await
    }

    pub async fn delete_action(&self, permit: &Permit<Manage>, name: &str) -> Result<()> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        // What its schedule has put in the queue would wait for ever.
        schedules::delete(&mut tx, permit.guru_id(), action.id, self.clock().now()).await?;
        if !actions::delete(&mut tx, permit.guru_id(), action.id).await? {
            return Err(EngineError::not_found("action", name));
        }
        self.audit(
            &mut tx,
            &permit.guru.masker,
            change(permit, "action.delete", action, Some(ActionFile::from(&*action.spec)), None),
        )
        .await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        Ok(())
    }

    /// Advice on a definition that need not be saved; rules it breaks are errors, not advice.
    pub async fn lint_action(&self, permit: &Permit<Manage>, file: &ActionFile) -> Result<Vec<Advice>> {
        let spec = file.check(self.limits())?;
        self.check_script(&spec).await?;
        let others: Vec<&ActionSpec> = permit
            .guru
            .actions
            .iter()
            .map(|action| &*action.spec)
            .filter(|other| other.name != spec.name)
            .collect();
        Ok(lint::lint(&spec, &others, &permit.guru.secret_names()))
    }

    pub(crate) async fn note_tested(&self, guru: &GuruView, action: &Action) -> Result<()> {
        if action.tested_version == Some(action.version) {
            return Ok(());
        }
        let mut tx = self.begin_change(&guru.guru).await?;
        actions::set_tested(&mut tx, guru.guru.id, action.id, action.version).await?;
        tx.commit().await?;
        self.forget_view(&guru.guru.slug);
        Ok(())
    }

    pub fn action_limit(&self, guru: &GuruView) -> u32 {
        guru.guru.settings.action_limit.unwrap_or(self.limits().actions_per_guru)
    }

    /// Counts in the transaction that is to insert: two that come at once can't both take the last place.
    async fn check_action_limit(&self, tx: &mut Transaction, guru: &GuruView) -> Result<()> {
        let used = actions::count(&mut *tx, guru.guru.id).await?;
        let limit = self.action_limit(guru);
        if used < limit {
            return Ok(());
        }
        Err(EngineError::Conflict(Problem::new(
            "action_limit",
            format!("The guru `{}` uses {used} of {limit} actions.", guru.guru.slug),
            "Delete one that is not needed, or have the operator raise the guru's action limit.",
        )))
    }

    /// Every rule: those of the file, those of the answer template, and those that need to know the guru.
    fn checked(
        &self,
        guru: &GuruView,
        file: &ActionFile,
        own_id: Option<ActionId>,
        unknown: UnknownNames,
    ) -> Result<ActionSpec> {
        let spec = file.check(self.limits())?;
        let mut found = Vec::new();
        found.extend(reserved(&spec.name, own_id.and_then(|id| guru.action_by_id(id))));
        found.extend(spec.answer.as_deref().and_then(|answer| template::check(answer).err()));
        let secrets = guru.secret_names();
        for (field, name) in spec.foreign_names() {
            if !known_or_allowed(&name, &secrets, unknown) {
                found.push(unknown_placeholder(&spec, &field, &name, &secrets));
            }
        }
        for parameter in spec.parameters.iter().filter(|parameter| secrets.contains(parameter.name.as_str()))
        {
            let message = format!("The parameter `{}` has the name of a secret.", parameter.name);
            found.push(Problem::new("name_of_secret", message, "Rename the parameter.").at("parameters"));
        }
        for companion in &spec.runs_with {
            if guru.action(companion.as_str()).is_none() && unknown == UnknownNames::Refuse {
                let message = format!("`runs_with` names the action `{companion}`, which is not there.");
                found.push(
                    Problem::new("unknown_action", message, "Create it first, or drop it.").at("runs_with"),
                );
            }
        }
        let same_name =
            guru.actions.iter().any(|other| other.spec.name == spec.name && Some(other.id) != own_id);
        if same_name {
            return Err(name_taken(&spec));
        }
        Ok(Problems::or(found, spec)?)
    }

    /// An enabled action must be one that can run.
    fn check_has_runner(&self, spec: &ActionSpec) -> Result<()> {
        self.runners().refusal(spec.body.kind()).map_or(Ok(()), |problem| Err(EngineError::Conflict(problem)))
    }

    /// A script that can't be compiled is refused with the place, as far as the sandbox can tell now.
    async fn check_script(&self, spec: &ActionSpec) -> Result<()> {
        let ActionBody::Python(script) = &spec.body else { return Ok(()) };
        let Some(found) = self.runners().check_syntax(script).await else { return Ok(()) };
        let position = found.line.map(|line| Position { line, column: found.column.unwrap_or(1).max(1) });
        let place = position
            .map_or_else(String::new, |place| format!(" at line {}, column {}", place.line, place.column));
        let message =
            format!("The script can't be compiled{place}: {}.", found.message.trim_end_matches('.'));
        let problem = Problem::new("syntax_error", message, "Correct it there and save again.");
        Err(Problem { position, ..problem.at("run.code") }.into())
    }

    async fn after_change(&self, permit: &Permit<Manage>, action: &Action) -> Result<ActionDetails> {
        self.prepare_and_keep(action).await?;
        self.forget_view(&permit.guru.guru.slug);
        let guru =
            self.guru_view(permit.guru.guru.slug.as_str()).await?.unwrap_or_else(|| Arc::clone(&permit.guru));
        Ok(details(&guru, Arc::new(action.clone())))
    }
}

fn details(guru: &GuruView, action: Arc<Action>) -> ActionDetails {
    let secrets = action.spec.secrets();
    let missing_secrets = secrets.iter().filter(|name| guru.secret(name).is_none()).cloned().collect();
    let mut warnings = Vec::new();
    if action.enabled && action.tested_version != Some(action.version) {
        let message = format!("Version {} of `{}` was never tested.", action.version, action.spec.name);
        warnings.push(Problem::new(
            "never_tested",
            message,
            format!("Run `errand action test {}`.", action.spec.name),
        ));
    }
    ActionDetails { action, secrets, missing_secrets, last_run: None, warnings }
}

/// A name that the API's own addresses shadow can't be given. One that was given already stays.
fn reserved(name: &ActionName, own: Option<&Arc<Action>>) -> Option<Problem> {
    let is_new = own.is_none_or(|own| own.spec.name != *name);
    (is_new && RESERVED_ACTION_NAMES.contains(&name.as_str())).then(|| {
        let message = format!("`{name}` is a word of the API's own addresses.");
        Problem::new("reserved_name", message, "Choose another name, such as `check_code`.").at("name")
    })
}

fn known_or_allowed(name: &str, secrets: &BTreeSet<SecretName>, unknown: UnknownNames) -> bool {
    let may_become = unknown == UnknownNames::AllowAsSecrets
        && name.parse::<SecretName>().is_ok()
        && looks_like_secret(name);
    secrets.contains(name) || may_become
}

/// Secrets are written in capitals by habit; a lower-case name is more likely a mistyped parameter.
fn looks_like_secret(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn unknown_placeholder(
    spec: &ActionSpec,
    field: &str,
    name: &str,
    secrets: &BTreeSet<SecretName>,
) -> Problem {
    let offered: Vec<_> = spec
        .parameters
        .iter()
        .map(|parameter| parameter.name.to_string())
        .chain(secrets.iter().map(ToString::to_string))
        .map(|name| format!("`{name}`"))
        .collect();
    let hint = if offered.is_empty() {
        "Declare it as a parameter, or set a secret with that name.".to_owned()
    } else {
        format!(
            "Declare it as a parameter, set a secret with that name, or use one of {}.",
            offered.join(", ")
        )
    };
    Problem::new(
        "unknown_placeholder",
        format!("`{{{name}}}` is no parameter, secret or built-in variable."),
        hint,
    )
    .at(format!("run.{field}"))
}

fn name_taken(spec: &ActionSpec) -> EngineError {
    let message = format!("There is an action named `{}` already.", spec.name);
    EngineError::Conflict(Problem::new("name_taken", message, "Choose another name, or change that action."))
}

fn taken(error: errand_storage::StorageError, action: &Action) -> EngineError {
    if matches!(error, errand_storage::StorageError::Conflict { .. }) {
        name_taken(&action.spec)
    } else {
        error.into()
    }
}

fn change<'a>(
    permit: &'a Permit<Manage>,
    verb: &'static str,
    action: &Action,
    before: Option<ActionFile>,
    after: Option<ActionFile>,
) -> Change<'a, ActionFile, ActionFile> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("action {}", action.spec.name),
        guru_id: Some(permit.guru_id()),
        before,
        after,
    }
}
