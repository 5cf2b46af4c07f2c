//! A guru as the engine uses it: settings, actions, opened secrets, the mask made of them and the planner's catalogue,
//! loaded together and kept while nothing changed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use errand_domain::{Action, ActionId, Guru, GuruSlug, SecretName};
use errand_planners::{Catalogue, CatalogueAction, Prepared};
use errand_secrets::{Masker, SealContext, Sealed, SecretText};
use errand_storage::{
    actions::{self, ActionVectors},
    gurus::{self, GuruMark},
    secrets,
};

use crate::{Engine, error::Result};

/// How long a view is used before the ledger is asked whether anything changed: a change made on another node shows
/// here this much later. Changes made on this node show at once.
const VIEW_BELIEVED_FOR: Duration = Duration::from_secs(1);

/// One guru, ready to answer.
pub struct GuruView {
    pub guru: Guru,
    pub actions: Vec<Arc<Action>>,
    /// The enabled actions, as planners read them.
    pub catalogue: Arc<Catalogue>,
    pub masker: Arc<Masker>,
    secrets: BTreeMap<SecretName, OpenedSecret>,
    revision: i64,
}

/// A secret's value, and the hosts that it may be sent to; None for any.
#[derive(Clone)]
struct OpenedSecret {
    value: Arc<SecretText>,
    hosts: Option<Arc<[String]>>,
}

impl std::fmt::Debug for GuruView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GuruView({} at revision {})", self.guru.slug, self.revision)
    }
}

impl GuruView {
    pub fn action(&self, name: &str) -> Option<&Arc<Action>> {
        self.actions.iter().find(|action| action.spec.name.as_str() == name)
    }

    pub fn action_by_id(&self, id: ActionId) -> Option<&Arc<Action>> {
        self.actions.iter().find(|action| action.id == id)
    }

    pub fn secret(&self, name: &SecretName) -> Option<Arc<SecretText>> {
        self.secrets.get(name).map(|secret| Arc::clone(&secret.value))
    }

    /// The only hosts that the secret may be sent to; None for any.
    pub fn hosts_of(&self, name: &SecretName) -> Option<&[String]> {
        self.secrets.get(name)?.hosts.as_deref()
    }

    pub fn secret_names(&self) -> BTreeSet<SecretName> {
        self.secrets.keys().cloned().collect()
    }
}

/// The views in use, by slug.
#[derive(Debug, Default)]
pub struct Views(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_slug: HashMap<String, (Arc<GuruView>, Instant)>,
    /// Grows with every change made here: a view whose loading began before a change is not kept after it.
    generation: u64,
}

impl Views {
    /// The view, with when it was last known to be fresh, and the generation to [`Views::put`] with.
    fn get(&self, slug: &str) -> (Option<(Arc<GuruView>, Instant)>, u64) {
        let kept = self.kept();
        (kept.by_slug.get(slug).cloned(), kept.generation)
    }

    /// Keeps a view that was loaded or looked at since `generation`, unless something changed meanwhile.
    fn put(&self, view: &Arc<GuruView>, generation: u64) {
        let mut kept = self.kept();
        if kept.generation == generation {
            kept.by_slug.insert(view.guru.slug.to_string(), (Arc::clone(view), Instant::now()));
        }
    }

    fn forget(&self, slug: &str) {
        let mut kept = self.kept();
        kept.generation += 1;
        kept.by_slug.remove(slug);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // It is never left half-changed, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// The guru with this slug; None when there is none.
    pub async fn guru_view(&self, slug: &str) -> Result<Option<Arc<GuruView>>> {
        let (kept, generation) = self.0.views.get(slug);
        let was_kept = kept.is_some();
        if let Some((view, checked_at)) = kept {
            if checked_at.elapsed() < VIEW_BELIEVED_FOR {
                return Ok(Some(view));
            }
            if gurus::revision(&self.db().reader, view.guru.id).await? == Some(view.revision) {
                self.0.views.put(&view, generation);
                return Ok(Some(view));
            }
        }
        let Ok(slug) = slug.parse::<GuruSlug>() else { return Ok(None) };
        let Some(guru) = gurus::by_slug(&self.db().reader, &slug).await? else {
            // Asking for what never was must not disturb the loading of other views.
            if was_kept {
                self.0.views.forget(slug.as_str());
            }
            return Ok(None);
        };
        let view = Arc::new(self.load_view(guru).await?);
        self.0.views.put(&view, generation);
        Ok(Some(view))
    }

    /// The guru as it stood when it was marked, or as it stands since; without asking the ledger when that very state is
    /// kept.
    pub(crate) async fn guru_view_at(&self, mark: &GuruMark) -> Result<Option<Arc<GuruView>>> {
        let (kept, generation) = self.0.views.get(mark.slug.as_str());
        if let Some((view, _)) = kept {
            if view.guru.id == mark.id && view.revision == mark.revision {
                self.0.views.put(&view, generation);
                return Ok(Some(view));
            }
            // It may be believed in for a while although it is older than the mark.
            if view.revision < mark.revision {
                self.0.views.forget(mark.slug.as_str());
            }
        }
        let view = self.guru_view(mark.slug.as_str()).await?;
        Ok(view.filter(|view| view.guru.id == mark.id))
    }

    /// Makes the next use load the guru anew; after every change made here.
    pub(crate) fn forget_view(&self, slug: &GuruSlug) {
        self.0.views.forget(slug.as_str());
    }

    async fn load_view(&self, guru: Guru) -> Result<GuruView> {
        // The revision is read first: a change that comes in between is then noticed at the next look.
        let revision = gurus::revision(&self.db().reader, guru.id).await?.unwrap_or(0);
        let actions: Vec<_> =
            actions::list(&self.db().reader, guru.id).await?.into_iter().map(Arc::new).collect();
        let secrets = self.open_secrets(&guru).await?;
        let masker =
            Arc::new(Masker::new(secrets.iter().map(|(name, secret)| (name.clone(), &*secret.value))));
        let catalogue = Arc::new(self.build_catalogue(&guru, &actions).await?);
        Ok(GuruView { guru, actions, catalogue, masker, secrets, revision })
    }

    /// The secrets that open. One that does not (its master key is missing, or it was damaged) is left out like one
    /// that is not set: the actions that need it say so, and the rest of the guru works.
    async fn open_secrets(&self, guru: &Guru) -> Result<BTreeMap<SecretName, OpenedSecret>> {
        let keyring = self.0.keyring.read().await;
        let mut opened = BTreeMap::new();
        for row in secrets::sealed(&self.db().reader, guru.id).await? {
            let context = SealContext { guru_id: guru.id, name: &row.name, version: row.version };
            match keyring.open(&context, &Sealed(row.sealed)) {
                Ok(value) => {
                    let hosts = row.hosts.map(Arc::from);
                    opened.insert(row.name, OpenedSecret { value: Arc::new(value), hosts });
                }
                Err(error) => {
                    tracing::error!(guru = %guru.slug, secret = %row.name, %error, "A secret can't be opened; it counts as missing.");
                }
            }
        }
        Ok(opened)
    }

    async fn build_catalogue(&self, guru: &Guru, actions: &[Arc<Action>]) -> Result<Catalogue> {
        let vectors = actions::vectors(&self.db().reader, guru.id, self.planner().model()).await?;
        let mut catalogue = Catalogue::default();
        for action in actions.iter().filter(|action| action.enabled) {
            let stored =
                vectors.iter().find(|row| row.action_id == action.id && row.version == action.version);
            let prepared = match stored.and_then(|row| Prepared::from_bytes(&row.bytes).ok()) {
                Some(prepared) => Some(Arc::new(prepared)),
                None => self.prepare_and_keep(action).await?.map(Arc::new),
            };
            catalogue.actions.push(catalogue_action(action, prepared));
        }
        Ok(catalogue)
    }

    /// The guru as it would be with `draft` saved and enabled, in the place of the action with its id; for planning.
    pub(crate) async fn view_with_draft(&self, guru: &GuruView, draft: &Action) -> Result<GuruView> {
        let planner = self.planner().clone();
        let (trigger, examples) = (draft.spec.trigger.clone(), draft.spec.examples.clone());
        let prepared = tokio::task::spawn_blocking(move || planner.prepare(&trigger, &examples))
            .await
            .map_err(|error| crate::EngineError::internal("encoding a trigger", error))?;
        let mut catalogue = Catalogue::clone(&guru.catalogue);
        catalogue.actions.retain(|action| action.id != draft.id);
        catalogue.actions.push(catalogue_action(draft, prepared.map(Arc::new)));
        Ok(GuruView {
            guru: guru.guru.clone(),
            actions: guru.actions.clone(),
            catalogue: Arc::new(catalogue),
            masker: Arc::clone(&guru.masker),
            secrets: guru.secrets.clone(),
            revision: guru.revision,
        })
    }

    /// Encodes an action's trigger and examples and keeps the vectors, so that a turn only encodes its question.
    pub(crate) async fn prepare_and_keep(&self, action: &Action) -> Result<Option<Prepared>> {
        let planner = self.planner().clone();
        let (trigger, examples) = (action.spec.trigger.clone(), action.spec.examples.clone());
        let prepared = tokio::task::spawn_blocking(move || planner.prepare(&trigger, &examples))
            .await
            .map_err(|error| crate::EngineError::internal("encoding a trigger", error))?;
        if let Some(prepared) = &prepared {
            let mut tx = self.db().writer.begin().await?;
            let vectors =
                ActionVectors { action_id: action.id, version: action.version, bytes: prepared.to_bytes() };
            actions::put_vectors(&mut tx, action.guru_id, self.planner().model(), vectors).await?;
            tx.commit().await?;
        }
        Ok(prepared)
    }
}

pub(crate) fn catalogue_action(action: &Action, prepared: Option<Arc<Prepared>>) -> CatalogueAction {
    CatalogueAction {
        id: action.id,
        version: action.version,
        name: action.spec.name.clone(),
        trigger: action.spec.trigger.clone(),
        examples: action.spec.examples.clone(),
        parameters: action.spec.parameters.clone(),
        runs_with: action.spec.runs_with.clone(),
        prepared,
    }
}

#[cfg(test)]
mod tests {
    use errand_domain::{GuruId, GuruSettings, UnixMillis};

    use super::*;

    fn view(slug: &str) -> Arc<GuruView> {
        let guru = Guru {
            id: GuruId::from_uuid(crate::clock::new_uuid()),
            slug: slug.parse().expect("a slug"),
            settings: GuruSettings::default(),
            created_at: UnixMillis(0),
            updated_at: UnixMillis(0),
        };
        Arc::new(GuruView {
            guru,
            actions: Vec::new(),
            catalogue: Arc::default(),
            masker: Arc::default(),
            secrets: BTreeMap::new(),
            revision: 1,
        })
    }

    #[test]
    fn a_view_loaded_before_a_change_is_not_kept_after_it() {
        let views = Views::default();
        let (_, before) = views.get("acme");
        views.forget("acme");
        views.put(&view("acme"), before);
        assert!(views.get("acme").0.is_none());

        let (_, after) = views.get("acme");
        views.put(&view("acme"), after);
        assert!(views.get("acme").0.is_some());
    }
}
