//! What a planner is told of earlier turns.

use errand_domain::Turn;
use errand_planners::PastTurn;

/// Turns as the ledger keeps them, oldest first, as the planner reads them.
pub fn past_turns(turns: &[Turn]) -> Vec<PastTurn> {
    turns.iter().map(past_turn).collect()
}

fn past_turn(turn: &Turn) -> PastTurn {
    let (mut fired, mut missing) = (Vec::new(), Vec::new());
    if let Some(plan) = &turn.plan {
        fired.extend(plan.steps.iter().map(|step| (step.action.clone(), step.arguments.clone())));
        missing.extend(
            plan.missing.iter().map(|m| (m.action.clone(), m.arguments.clone(), m.parameters.clone())),
        );
    }
    PastTurn {
        question: turn.question.clone(),
        answer: turn.answer.clone().unwrap_or_default(),
        fired,
        missing,
    }
}
