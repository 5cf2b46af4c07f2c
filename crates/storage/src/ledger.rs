//! The engine's one road into history: many writes, one transaction, few statements.

use std::collections::HashMap;

use errand_domain::{ExecutionId, TurnId};

use crate::{
    Result, Transaction, Writer,
    conversations::{self, NewConversation, NewTurn, TurnEnd},
    events::{self, Batch},
    executions::{self, ExecutionEnd, NewExecution},
    model_calls::{self, TurnCalls},
    secrets::{self, SecretsUsed},
    statement::Statement,
};

/// One thing that history is told.
#[derive(Debug, Clone)]
pub enum LedgerWrite {
    ConversationStarted(NewConversation),
    TurnStarted(NewTurn),
    TurnFinished(TurnEnd),
    ExecutionStarted(NewExecution),
    ExecutionFinished(ExecutionEnd),
    ModelsAsked(TurnCalls),
    SecretsUsed(SecretsUsed),
    Events(Batch),
}

/// What did not count, though everything was written that could be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Ends of executions that had ended before, or whose lease somebody else holds by now.
    pub late_executions: Vec<ExecutionId>,
    /// Ends of turns that had ended before.
    pub late_turns: Vec<TurnId>,
}

impl Writer {
    /// Writes everything in one transaction: all of it or nothing. Beginnings are written before ends, whatever their
    /// order in `writes`. When it fails, a caller that wants to save the rest applies each write alone.
    pub async fn apply(&self, writes: Vec<LedgerWrite>) -> Result<Applied> {
        if writes.is_empty() {
            return Ok(Applied::default());
        }
        let script = Script::new(Sorted::new(writes))?;
        let changed = self.run(script.statements).await?;
        Ok(script.ends.applied(&changed))
    }
}

impl Transaction {
    /// As [`Writer::apply`], beside other writes of this transaction.
    pub async fn apply(&mut self, writes: Vec<LedgerWrite>) -> Result<Applied> {
        let script = Script::new(Sorted::new(writes))?;
        let changed = self.run(script.statements).await?;
        Ok(script.ends.applied(&changed))
    }
}

/// The statements of a number of writes, beginnings before ends.
struct Script {
    statements: Vec<Statement>,
    ends: Ends,
}

/// Which statements end what.
#[derive(Default)]
struct Ends {
    executions: Vec<(usize, ExecutionId)>,
    turns: Vec<(usize, TurnId)>,
}

impl Script {
    fn new(sorted: Sorted) -> Result<Self> {
        let started: Vec<_> = sorted.conversations.iter().map(|conversation| conversation.id).collect();
        let mut statements = conversations::insert(sorted.conversations);
        let followed = sorted.turns.iter().filter(|(turn, _)| !started.contains(&turn.conversation_id));
        statements.extend(followed.map(|(turn, _)| conversations::touch(turn)));
        statements.extend(conversations::insert_turns(sorted.turns));
        statements.extend(executions::insert(sorted.executions));
        let mut ends = Ends::default();
        for end in sorted.execution_ends {
            ends.executions.push((statements.len(), end.id));
            statements.push(executions::finishing(end));
        }
        for end in sorted.turn_ends {
            ends.turns.push((statements.len(), end.id));
            statements.push(conversations::finish_turn(end.guru_id, end));
        }
        statements.extend(model_calls::insert(&sorted.model_calls));
        statements.extend(sorted.secret_uses.iter().flat_map(secrets::note_use));
        statements.extend(events::appending(&sorted.events)?);
        Ok(Self { statements, ends })
    }
}

impl Ends {
    /// `changed` has how many rows each statement changed.
    fn applied(self, changed: &[u64]) -> Applied {
        let late = |place: usize| changed.get(place).is_none_or(|rows| *rows == 0);
        let late_executions =
            self.executions.into_iter().filter(|(place, _)| late(*place)).map(|(_, id)| id).collect();
        let late_turns = self.turns.into_iter().filter(|(place, _)| late(*place)).map(|(_, id)| id).collect();
        Applied { late_executions, late_turns }
    }
}

/// Writes by table. An end whose beginning is in the same batch is joined to it: one row written once. Short runs
/// begin and end between two commits, so this is the common case under load.
#[derive(Default)]
struct Sorted {
    conversations: Vec<NewConversation>,
    turns: Vec<(NewTurn, Option<TurnEnd>)>,
    turn_ends: Vec<TurnEnd>,
    executions: Vec<(NewExecution, Option<ExecutionEnd>)>,
    execution_ends: Vec<ExecutionEnd>,
    model_calls: Vec<TurnCalls>,
    secret_uses: Vec<SecretsUsed>,
    events: Vec<Batch>,
}

impl Sorted {
    fn new(writes: Vec<LedgerWrite>) -> Self {
        let mut sorted = Self::default();
        let (mut turn_ends, mut execution_ends) = (Vec::new(), Vec::new());
        for write in writes {
            match write {
                LedgerWrite::ConversationStarted(new) => sorted.conversations.push(new),
                LedgerWrite::TurnStarted(new) => sorted.turns.push((new, None)),
                LedgerWrite::TurnFinished(end) => turn_ends.push(end),
                LedgerWrite::ExecutionStarted(new) => sorted.executions.push((new, None)),
                LedgerWrite::ExecutionFinished(end) => execution_ends.push(end),
                LedgerWrite::SecretsUsed(used) => sorted.secret_uses.push(used),
                LedgerWrite::ModelsAsked(calls) => sorted.model_calls.push(calls),
                LedgerWrite::Events(batch) => sorted.events.push(batch),
            }
        }
        sorted.join_turns(turn_ends);
        sorted.join_executions(execution_ends);
        sorted
    }

    fn join_turns(&mut self, ends: Vec<TurnEnd>) {
        let places: HashMap<_, _> =
            self.turns.iter().enumerate().map(|(place, (new, _))| (new.id, place)).collect();
        for end in ends {
            match places.get(&end.id).map(|place| &mut self.turns[*place]) {
                Some((new, joined @ None)) if new.guru_id == end.guru_id => *joined = Some(end),
                _ => self.turn_ends.push(end),
            }
        }
    }

    fn join_executions(&mut self, ends: Vec<ExecutionEnd>) {
        let places: HashMap<_, _> =
            self.executions.iter().enumerate().map(|(place, (new, _))| (new.id, place)).collect();
        for end in ends {
            match places.get(&end.id).map(|place| &mut self.executions[*place]) {
                Some((new, joined @ None)) if end.ends(new) => *joined = Some(end),
                _ => self.execution_ends.push(end),
            }
        }
    }
}
