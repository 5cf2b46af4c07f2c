//! Actions read out of cURL commands and OpenAPI documents. What is read is proposed and not saved; credentials that
//! were found can be stored as secrets on the way, so that they are never written anywhere else.

use std::{collections::BTreeSet, time::Duration};

use errand_domain::{
    ApiCall, BodyFormat, ExecutionStatus, Method, Problem, SecretName,
    action_file::{ACTION_FILE_VERSION, ActionFile, Run},
    import::{self, Proposal},
    lint::{self, Advice},
    placeholder::{Part, Template},
};
use errand_runners::{Control, RunInput, RunLimits};
use errand_secrets::SecretText;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    Engine,
    access::{Manage, Permit},
    error::Result,
    manage::secrets::NewSecret,
};

/// Bytes of a document that are read; the largest that services publish stay below.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);

/// What to do with credentials that stand in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// They are named, and forgotten.
    Forget,
    /// They are stored under the names proposed, unless a secret has that name already.
    Store,
}

/// Where an OpenAPI document comes from.
#[derive(Debug, Clone)]
pub enum DocumentSource {
    Text(String),
    Url(String),
}

/// A proposal beside what the guru has.
#[derive(Debug, Clone)]
pub struct ReviewedProposal {
    pub proposal: Proposal,
    /// Those of its secrets that the guru has, with those just stored.
    pub stored: BTreeSet<SecretName>,
    /// Rules that it breaks as it stands, to be mended before it is saved.
    pub problems: Vec<Problem>,
    pub advice: Vec<Advice>,
    /// Whether the guru has an action of that name.
    pub name_is_taken: bool,
}

/// What a document offers.
#[derive(Debug, Clone)]
pub struct ReviewedDocument {
    pub title: String,
    pub proposals: Vec<ReviewedProposal>,
    /// Operations beyond what is read of one document.
    pub left_out: usize,
}

impl Engine {
    /// An action as a cURL command says it. Nothing of it is saved but, when asked for, its credentials.
    pub async fn import_curl(
        &self,
        permit: &Permit<Manage>,
        command: &str,
        credentials: Credentials,
    ) -> Result<ReviewedProposal> {
        let proposal = import::from_curl(command, &permit.guru.secret_names())?;
        let mut stored = BTreeSet::new();
        if credentials == Credentials::Store {
            for secret in &proposal.secrets {
                let Some(value) =
                    secret.value.as_ref().filter(|_| permit.guru.secret(&secret.name).is_none())
                else {
                    continue;
                };
                let value = SecretText::new(value.expose().to_owned());
                let new = NewSecret { value, hosts: None };
                self.set_secret(permit, secret.name.as_str(), new).await?;
                stored.insert(secret.name.clone());
            }
        }
        let mut reviewed = self.review(permit, proposal);
        reviewed.stored.extend(stored);
        Ok(reviewed)
    }

    /// The actions that an OpenAPI document's operations would make; of those named only, when some are.
    pub async fn import_openapi(
        &self,
        permit: &Permit<Manage>,
        source: &DocumentSource,
        operations: &[String],
    ) -> Result<ReviewedDocument> {
        let (text, address) = match source {
            DocumentSource::Text(text) => (text.clone(), None),
            DocumentSource::Url(url) => (self.fetch_document(permit, url).await?, Some(url.as_str())),
        };
        let document = import::read_document(&text)?;
        let read = import::from_openapi(&document, address, &permit.guru.secret_names())?;
        let wanted = |proposal: &Proposal| {
            operations.is_empty()
                || operations.iter().any(|name| *name == proposal.file.name || *name == proposal.origin)
        };
        let proposals: Vec<_> =
            read.proposals.into_iter().filter(wanted).map(|one| self.review(permit, one)).collect();
        Ok(ReviewedDocument { title: read.title, proposals, left_out: read.left_out })
    }

    fn review(&self, permit: &Permit<Manage>, proposal: Proposal) -> ReviewedProposal {
        let has = permit.guru.secret_names();
        let named = proposal.secrets.iter().map(|secret| secret.name.clone());
        let stored: BTreeSet<_> = named.filter(|name| has.contains(name)).collect();
        let others: Vec<_> = permit.guru.actions.iter().map(|action| &*action.spec).collect();
        let known: BTreeSet<_> =
            has.into_iter().chain(proposal.secrets.iter().map(|secret| secret.name.clone())).collect();
        let (problems, advice) = match proposal.file.check(self.limits()) {
            Ok(spec) => (Vec::new(), lint::lint(&spec, &others, &known)),
            Err(problems) => (problems.0, Vec::new()),
        };
        let name_is_taken = permit.guru.action(&proposal.file.name).is_some();
        ReviewedProposal { proposal, stored, problems, advice, name_is_taken }
    }

    /// Fetches a document the way an action would: what the egress policy refuses to actions it refuses here.
    async fn fetch_document(&self, permit: &Permit<Manage>, url: &str) -> Result<String> {
        let file = request_for(url);
        let spec = file.check(self.limits()).map_err(|problems| at_url(problems.0))?;
        let input = RunInput {
            action: std::sync::Arc::new(spec),
            arguments: std::collections::BTreeMap::new(),
            secrets: std::collections::BTreeMap::new(),
            built_ins: permit.built_ins(),
            timeout: FETCH_TIMEOUT,
            limits: RunLimits { response_bytes_max: DOCUMENT_BYTES_MAX },
        };
        // Nobody follows this run: its events go nowhere.
        let (sink, _) = mpsc::channel(1);
        let outcome = self.runners().run(&input, &sink, Control::at_once(&CancellationToken::new())).await;
        let output = outcome.output.as_ref().filter(|_| outcome.status == ExecutionStatus::Succeeded);
        if let Some(output) = output {
            return Ok(String::from_utf8_lossy(output.expose()).into_owned());
        }
        let why = outcome
            .error
            .as_ref()
            .map_or_else(String::new, |error| permit.guru.masker.mask(error).0.into_string());
        Err(Problem::new(
            "document_not_fetched",
            format!("The document could not be fetched: {why}"),
            "Check the address, or give the document's text.",
        )
        .at("url")
        .into())
    }
}

fn request_for(url: &str) -> ActionFile {
    // An address is meant as it stands: what looks like a placeholder in it is none.
    let literal: String = Template::parse(url)
        .parts()
        .iter()
        .map(|part| match part {
            Part::Literal(text) => text.clone(),
            Part::Placeholder(name) => format!("{{{{{name}}}}}"),
        })
        .collect();
    ActionFile {
        schema: None,
        version: ACTION_FILE_VERSION,
        name: "document".to_owned(),
        trigger: "When a document is imported".to_owned(),
        examples: Vec::new(),
        parameters: Vec::new(),
        run: Run::ApiCall(ApiCall {
            method: Method::Get,
            url: literal,
            headers: Vec::new(),
            basic_auth: None,
            body: None,
            body_format: BodyFormat::default(),
            redirects_max: 5,
            retries_max: 0,
        }),
        usage: String::new(),
        answer: None,
        timeout_ms: None,
        runs_with: Vec::new(),
        allowed_hosts: Vec::new(),
    }
}

/// Its only field is the address.
fn at_url(problems: Vec<Problem>) -> errand_domain::Problems {
    errand_domain::Problems(
        problems.into_iter().map(|problem| Problem { field: Some("url".to_owned()), ..problem }).collect(),
    )
}
