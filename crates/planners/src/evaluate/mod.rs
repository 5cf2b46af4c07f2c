//! Figures of a planner on labelled turns: which actions fired and which arguments they got. Pure: cases and plans
//! in, figures out; the trigger lab and the tests share it. It must not read files, run planners or know a clock:
//! whoever drives it hands in texts, plans and how long each took.

mod case;
mod judge;
mod report;

pub use case::{Case, Expected, read_cases, read_catalogue};
pub use judge::{Outcome, judge};
pub use report::{ArgumentFigures, Confusion, Figures, FiringFigures, Latency, Reliability, Report};
