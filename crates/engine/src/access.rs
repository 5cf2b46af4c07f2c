//! Who may do what. A verb of the engine takes a [`Permit`] for the scope it needs, so that a door can't forget to
//! ask: without the permit the verb can't be called.

use std::{marker::PhantomData, sync::Arc};

use errand_storage::{conversations::Owner, users::Membership};

use errand_domain::{BuiltIns, GuruId, Problem, Role, Source, UserId};

use crate::{Engine, EngineError, catalogue::GuruView, error::Result};

/// What a caller may do, each including nothing of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Ask questions and read one's own conversations.
    Ask,
    /// Run an action directly.
    Run,
    /// Build: actions, secrets, settings, history.
    Manage,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Ask, Self::Run, Self::Manage];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Run => "run",
            Self::Manage => "manage",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Somebody authenticated.
#[derive(Debug, Clone)]
pub enum Caller {
    User(UserCaller),
    ApiKey(KeyCaller),
}

#[derive(Debug, Clone)]
pub struct UserCaller {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// In gurus where a membership says nothing of groups.
    pub groups: Vec<String>,
    /// Gurus this user belongs to, with role and groups there; super admins belong to all.
    pub gurus: Vec<(GuruId, Membership)>,
}

#[derive(Debug, Clone)]
pub struct KeyCaller {
    pub id: errand_domain::ApiKeyId,
    pub name: String,
    pub scopes: Vec<Scope>,
    /// The only guru it is good for; None for all.
    pub guru: Option<GuruId>,
}

impl Caller {
    /// Whether the caller may use `scope` on this guru.
    pub fn may(&self, scope: Scope, guru: GuruId) -> bool {
        match self {
            Self::ApiKey(key) => key.scopes.contains(&scope) && key.guru.is_none_or(|only| only == guru),
            Self::User(user) => match user.role_in(guru) {
                Some(Role::SuperAdmin | Role::GuruAdmin) => true,
                Some(Role::Viewer) => scope == Scope::Ask,
                None => false,
            },
        }
    }

    /// Whether the caller may use `scope` on what belongs to no guru (creating gurus, the instance itself).
    pub fn may_instance(&self, scope: Scope) -> bool {
        match self {
            Self::ApiKey(key) => key.guru.is_none() && key.scopes.contains(&scope),
            Self::User(user) => user.role == Role::SuperAdmin,
        }
    }

    /// What the caller may do on this guru.
    pub fn scopes(&self, guru: GuruId) -> Vec<Scope> {
        Scope::ALL.into_iter().filter(|scope| self.may(*scope, guru)).collect()
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user.id),
            Self::ApiKey(_) => None,
        }
    }

    /// For the audit log: an e-mail address or a key's name.
    pub fn label(&self) -> &str {
        match self {
            Self::User(user) => &user.email,
            Self::ApiKey(key) => &key.name,
        }
    }

    /// Where a question of this caller comes from, when its door says nothing more precise.
    pub fn source(&self) -> Source {
        match self {
            Self::User(_) => Source::Web,
            Self::ApiKey(_) => Source::Api,
        }
    }
}

impl UserCaller {
    fn role_in(&self, guru: GuruId) -> Option<Role> {
        if self.role == Role::SuperAdmin {
            return Some(Role::SuperAdmin);
        }
        self.membership(guru).map(|membership| membership.role)
    }

    /// The groups that actions of this guru are told.
    fn groups_in(&self, guru: GuruId) -> &[String] {
        let own = self.membership(guru).map(|membership| membership.groups.as_slice());
        own.filter(|groups| !groups.is_empty()).unwrap_or(&self.groups)
    }

    fn membership(&self, guru: GuruId) -> Option<&Membership> {
        self.gurus.iter().find(|(id, _)| *id == guru).map(|(_, membership)| membership)
    }
}

/// Marks what a permit is for.
pub trait Grant: Send + Sync + 'static {
    const SCOPE: Scope;
}

#[derive(Debug, Clone, Copy)]
pub struct Ask;
#[derive(Debug, Clone, Copy)]
pub struct Run;
#[derive(Debug, Clone, Copy)]
pub struct Manage;

impl Grant for Ask {
    const SCOPE: Scope = Scope::Ask;
}

impl Grant for Run {
    const SCOPE: Scope = Scope::Run;
}

impl Grant for Manage {
    const SCOPE: Scope = Scope::Manage;
}

/// Proof that `caller` may do `G` on `guru`, with the guru loaded.
#[derive(Debug, Clone)]
pub struct Permit<G: Grant> {
    pub caller: Arc<Caller>,
    pub guru: Arc<GuruView>,
    origin: String,
    grant: PhantomData<G>,
}

impl<G: Grant> Permit<G> {
    /// The guru's tenant key for every query.
    pub fn guru_id(&self) -> GuruId {
        self.guru.guru.id
    }

    /// The built-in variables of this caller: filled for people signed in, empty for keys (SPEC §7).
    pub fn built_ins(&self) -> BuiltIns {
        match &*self.caller {
            Caller::User(user) => BuiltIns::of_user(
                &user.email,
                &user.name,
                user.groups_in(self.guru_id()),
                &self.guru.guru.slug,
            ),
            Caller::ApiKey(_) => BuiltIns::anonymous(&self.guru.guru.slug),
        }
    }

    /// Whose conversations this caller's are.
    pub fn owner(&self) -> Owner {
        match &*self.caller {
            Caller::User(user) => Owner::User(user.id),
            Caller::ApiKey(key) => Owner::ApiKey(key.id),
        }
    }

    /// Who does it and from where, for the audit log.
    pub fn actor(&self) -> Actor<'_> {
        Actor { label: self.caller.label(), origin: &self.origin }
    }

    /// Notes the address that the request came from.
    #[must_use]
    pub fn from_origin(mut self, origin: String) -> Self {
        self.origin = origin;
        self
    }
}

/// Who does something, and the address that they do it from; empty for the server's own machine.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    pub label: &'a str,
    pub origin: &'a str,
}

/// Proof that `caller` may do `G` on the instance as a whole.
#[derive(Debug, Clone)]
pub struct InstancePermit<G: Grant> {
    pub caller: Arc<Caller>,
    origin: String,
    grant: PhantomData<G>,
}

impl<G: Grant> InstancePermit<G> {
    /// Who does it and from where, for the audit log.
    pub fn actor(&self) -> Actor<'_> {
        Actor { label: self.caller.label(), origin: &self.origin }
    }

    /// Notes the address that the request came from.
    #[must_use]
    pub fn from_origin(mut self, origin: String) -> Self {
        self.origin = origin;
        self
    }
}

impl Engine {
    /// The guru by its slug for a caller who may do `G` there. To a stranger a guru does not exist.
    pub async fn permit<G: Grant>(&self, caller: &Arc<Caller>, slug: &str) -> Result<Permit<G>> {
        let guru = self.guru_view(slug).await?.ok_or_else(|| EngineError::not_found("guru", slug))?;
        let id = guru.guru.id;
        if !Scope::ALL.into_iter().any(|scope| caller.may(scope, id)) {
            return Err(EngineError::not_found("guru", slug));
        }
        if !caller.may(G::SCOPE, id) {
            return Err(refused(G::SCOPE, slug));
        }
        Ok(Permit { caller: Arc::clone(caller), guru, origin: String::new(), grant: PhantomData })
    }

    pub fn instance_permit<G: Grant>(&self, caller: &Arc<Caller>) -> Result<InstancePermit<G>> {
        if !caller.may_instance(G::SCOPE) {
            return Err(EngineError::forbidden("change this installation"));
        }
        Ok(InstancePermit { caller: Arc::clone(caller), origin: String::new(), grant: PhantomData })
    }
}

fn refused(scope: Scope, slug: &str) -> EngineError {
    let what = match scope {
        Scope::Ask => "ask",
        Scope::Run => "run actions of",
        Scope::Manage => "manage",
    };
    EngineError::Forbidden(Problem::new(
        "forbidden",
        format!("You may not {what} the guru `{slug}`."),
        format!("It takes the scope `{}` (for keys) or the role that has it (for people).", scope.as_str()),
    ))
}
