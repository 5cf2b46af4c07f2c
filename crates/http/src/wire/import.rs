//! Proposals for actions on the wire.

use errand_engine::manage::imports::{ReviewedDocument, ReviewedProposal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::action::AdviceReply;
use crate::error::ProblemBody;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurlBody {
    /// The command as it was copied, over several lines or not.
    pub command: String,
    /// Store the credentials that stand in it as secrets, under the names proposed; a secret that is there already
    /// stays as it is.
    #[serde(default)]
    pub store_credentials: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenApiBody {
    /// The document's text, JSON or YAML. Give this or `url`.
    pub document: Option<String>,
    /// Where the document is; fetched the way actions fetch, under the egress policy.
    pub url: Option<String>,
    /// Only these operations, by `name` or `origin`; all when left out.
    #[serde(default)]
    pub operations: Vec<String>,
}

/// An action to be looked over; nothing of it is saved.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalReply {
    /// What it was made of, such as `GET /orders/{id}`.
    pub origin: String,
    pub name: String,
    /// The guru has an action of this name.
    pub name_is_taken: bool,
    /// The action file; give it to `POST …/actions` or `…/actions/import`.
    #[schema(value_type = Object)]
    pub definition: Value,
    pub secrets: Vec<ProposedSecret>,
    /// What was changed or left out on the way.
    pub notes: Vec<String>,
    /// Rules that it breaks as it stands.
    pub problems: Vec<ProblemBody>,
    pub advice: Vec<AdviceReply>,
}

/// A secret that the action names in a credential's place.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposedSecret {
    pub name: String,
    /// Where the credential stood or belongs.
    pub place: String,
    /// Its value stood in what was given; it is not repeated here.
    pub found: bool,
    /// The guru has a secret of this name.
    pub stored: bool,
}

impl From<ReviewedProposal> for ProposalReply {
    fn from(reviewed: ReviewedProposal) -> Self {
        let proposal = reviewed.proposal;
        let secrets = proposal.secrets.into_iter().map(|secret| ProposedSecret {
            stored: reviewed.stored.contains(&secret.name),
            name: secret.name.to_string(),
            place: secret.place,
            found: secret.value.is_some(),
        });
        Self {
            origin: proposal.origin,
            definition: proposal.file.to_json(),
            name: proposal.file.name,
            name_is_taken: reviewed.name_is_taken,
            secrets: secrets.collect(),
            notes: proposal.notes,
            problems: reviewed.problems.iter().map(ProblemBody::from).collect(),
            advice: reviewed.advice.into_iter().map(AdviceReply::from).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OpenApiReply {
    /// The API's own name.
    pub title: String,
    /// One for each operation, in the document's order.
    pub items: Vec<ProposalReply>,
    /// Operations beyond what is read of one document.
    pub left_out: usize,
}

impl From<ReviewedDocument> for OpenApiReply {
    fn from(document: ReviewedDocument) -> Self {
        Self {
            title: document.title,
            items: document.proposals.into_iter().map(ProposalReply::from).collect(),
            left_out: document.left_out,
        }
    }
}
