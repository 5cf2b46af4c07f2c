//! What language models were used for and what it cost: sums, and the calls behind them. Calls that answered no
//! question (a test of the connection, the trigger lab) are not among them.

use errand_domain::{GuruId, TurnId};
use errand_storage::{
    Reader,
    analytics::{Day, Range},
    model_calls::{self, CallsPage, ListedCall, ModelUse},
};

use super::analytics::Period;
use crate::{
    Engine,
    access::{InstancePermit, Manage, Permit},
    error::Result,
};

#[derive(Debug, Clone)]
pub struct ModelSums {
    pub totals: ModelUse,
    pub by_model: Vec<ModelUse>,
    /// Every day of the range in the guru's zone, days without calls too.
    pub by_day: Vec<ModelUse>,
}

pub(super) async fn model_sums(db: &Reader, guru: GuruId, range: Range, days: &[Day]) -> Result<ModelSums> {
    let found = model_calls::by_day(db, guru, days).await?;
    let of_day = |day: &Day| found.iter().find(|one| one.key == day.name).cloned();
    Ok(ModelSums {
        totals: model_calls::in_all(db, guru, range).await?.unwrap_or_else(|| none("")),
        by_model: model_calls::by_model(db, guru, range).await?,
        by_day: days.iter().map(|day| of_day(day).unwrap_or_else(|| none(&day.name))).collect(),
    })
}

fn none(key: &str) -> ModelUse {
    ModelUse {
        key: key.to_owned(),
        calls: 0,
        failures: 0,
        input_tokens: 0,
        output_tokens: 0,
        cost_micros: None,
        unpriced: 0,
    }
}

/// Which calls to show.
#[derive(Debug, Clone, Default)]
pub struct CallsQuery {
    pub period: Period,
    /// `provider:model`.
    pub model: Option<String>,
    /// The last call of the page before.
    pub before: Option<(TurnId, u32)>,
    pub limit: u32,
}

impl Engine {
    /// A page of questions to models with what each cost, newest first, with the next page's cursor.
    pub async fn list_model_calls(
        &self,
        permit: &Permit<Manage>,
        query: CallsQuery,
    ) -> Result<(Vec<ListedCall>, Option<(TurnId, u32)>)> {
        let page = CallsPage {
            range: self.range_of(query.period)?,
            model: query.model,
            before: query.before,
            limit: query.limit,
        };
        let items = model_calls::list(&self.db().reader, permit.guru_id(), page).await?;
        let full = items.len() == usize::try_from(query.limit).unwrap_or(usize::MAX);
        let next = items.last().filter(|_| full).map(|last| (last.turn_id, last.seq));
        Ok((items, next))
    }

    /// What each guru used models for, by slug.
    pub async fn model_use_by_guru(
        &self,
        _permit: &InstancePermit<Manage>,
        period: Period,
    ) -> Result<(Range, Vec<ModelUse>)> {
        let range = self.range_of(period)?;
        Ok((range, model_calls::by_guru(&self.db().reader, range).await?))
    }
}
