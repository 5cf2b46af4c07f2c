//! Suites of labelled questions: made, filled (also from the history), run, compared with the run before.

use errand_domain::{CaseId, LabRunId, Plan, Problem, SuiteId, TurnId, TurnStatus, plan::Place};
use errand_planners::{
    Planner,
    evaluate::{Case, Expected, Report},
};
use errand_secrets::Masker;
use errand_storage::{
    MaskedJson, StorageError, conversations,
    lab::{self, LabRun, NewCase, StoredCase, Suite},
};

use super::run::LabResults;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    clock::new_uuid,
    error::Result,
    history,
    manage::Change,
};

pub const SUITES_MAX: usize = 100;
pub const CASES_PER_SUITE_MAX: usize = 5_000;
pub const SUITE_NAME_CHARS_MAX: usize = 80;
const CASE_TEXT_CHARS_MAX: usize = 8_000;
const CASE_TURNS_MAX: usize = 24;
const RUNS_SHOWN_MAX: u32 = 20;

/// A case of a suite.
#[derive(Debug, Clone)]
pub struct LabCase {
    pub id: CaseId,
    pub case: Case,
    pub turn_id: Option<TurnId>,
}

/// A run with the one before it, of the same planner.
#[derive(Debug, Clone)]
pub struct SuiteRun {
    pub id: LabRunId,
    pub results: LabResults,
    pub cases: Vec<LabCase>,
    pub before: Option<Report>,
}

/// Which planner a suite runs against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabPlanner {
    /// The one that the guru uses.
    Guru,
    Embedded,
}

impl Engine {
    pub async fn list_suites(&self, permit: &Permit<Manage>) -> Result<Vec<Suite>> {
        Ok(lab::suites(&self.db().reader, permit.guru_id()).await?)
    }

    pub async fn create_suite(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        action_name: Option<&str>,
    ) -> Result<Suite> {
        let name = name.trim();
        check_suite_name(name)?;
        if let Some(action) = action_name.filter(|action| permit.guru.action(action).is_none()) {
            return Err(EngineError::not_found("action", action));
        }
        let suite = Suite {
            id: SuiteId::from_uuid(new_uuid()),
            name: name.to_owned(),
            action_name: action_name.map(str::to_owned),
            cases: 0,
            created_at: self.clock().now(),
        };
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        if lab::suites(&mut tx, permit.guru_id()).await?.len() >= SUITES_MAX {
            return Err(too_many("suites", SUITES_MAX));
        }
        lab::insert_suite(&mut tx, permit.guru_id(), &suite).await.map_err(name_taken)?;
        self.audit(&mut tx, &permit.guru.masker, change(permit, "lab.suite.create", &suite.name)).await?;
        tx.commit().await?;
        Ok(suite)
    }

    pub async fn delete_suite(&self, permit: &Permit<Manage>, id: SuiteId) -> Result<()> {
        let suite = self.suite(permit, id).await?;
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        lab::delete_suite(&mut tx, permit.guru_id(), id).await?;
        self.audit(&mut tx, &permit.guru.masker, change(permit, "lab.suite.delete", &suite.name)).await?;
        Ok(tx.commit().await?)
    }

    pub async fn list_cases(&self, permit: &Permit<Manage>, suite: SuiteId) -> Result<Vec<LabCase>> {
        self.suite(permit, suite).await?;
        let stored = lab::cases(&self.db().reader, permit.guru_id(), suite).await?;
        stored.into_iter().map(read_case).collect()
    }

    /// Adds cases, all or none.
    pub async fn add_cases(
        &self,
        permit: &Permit<Manage>,
        suite: SuiteId,
        cases: Vec<Case>,
        turn_id: Option<TurnId>,
    ) -> Result<Vec<LabCase>> {
        for case in &cases {
            check_case(case)?;
        }
        let suite = self.suite(permit, suite).await?;
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let there = lab::cases(&mut tx, permit.guru_id(), suite.id).await?.len();
        if there + cases.len() > CASES_PER_SUITE_MAX {
            return Err(too_many("cases", CASES_PER_SUITE_MAX));
        }
        let mut added = Vec::with_capacity(cases.len());
        for case in cases {
            let case = masked(&permit.guru.masker, case);
            let new = NewCase {
                id: CaseId::from_uuid(new_uuid()),
                suite_id: suite.id,
                content: content(&case)?,
                turn_id,
                at: self.clock().now(),
            };
            added.push(LabCase { id: new.id, case, turn_id });
            lab::insert_case(&mut tx, permit.guru_id(), new).await?;
        }
        self.audit(&mut tx, &permit.guru.masker, change(permit, "lab.cases.add", &suite.name)).await?;
        tx.commit().await?;
        Ok(added)
    }

    pub async fn change_case(&self, permit: &Permit<Manage>, id: CaseId, case: Case) -> Result<()> {
        check_case(&case)?;
        let case = masked(&permit.guru.masker, case);
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        if !lab::update_case(&mut tx, permit.guru_id(), id, content(&case)?, self.clock().now()).await? {
            return Err(EngineError::not_found("case", id));
        }
        self.audit(&mut tx, &permit.guru.masker, change(permit, "lab.case.change", &id.to_string())).await?;
        Ok(tx.commit().await?)
    }

    pub async fn delete_case(&self, permit: &Permit<Manage>, id: CaseId) -> Result<()> {
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        if !lab::delete_case(&mut tx, permit.guru_id(), id).await? {
            return Err(EngineError::not_found("case", id));
        }
        self.audit(&mut tx, &permit.guru.masker, change(permit, "lab.case.delete", &id.to_string())).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a case of a turn in the history: its question and what came before, with what it fired as the expected;
    /// whoever adds it corrects that where it was wrong.
    pub async fn case_from_turn(
        &self,
        permit: &Permit<Manage>,
        suite: SuiteId,
        turn: TurnId,
    ) -> Result<LabCase> {
        let db = &self.db().reader;
        let found = conversations::turn(db, permit.guru_id(), turn)
            .await?
            .filter(|turn| turn.status != TurnStatus::Running)
            .ok_or_else(|| EngineError::not_found("ended turn", turn))?;
        let limit = errand_domain::limits::HISTORY_TURNS_MAX;
        let turns = conversations::turns_before(db, permit.guru_id(), &found, limit).await?;
        let before =
            history::past_turns(&turns).into_iter().flat_map(|turn| [turn.question, turn.answer]).collect();
        let expected = found.plan.as_ref().map(expected_of).unwrap_or_default();
        let case = Case { before, question: found.question.clone(), expected, ..Case::default() };
        let added = self.add_cases(permit, suite, vec![case], Some(turn)).await?;
        added.into_iter().next().ok_or_else(|| EngineError::not_found("turn", turn))
    }

    /// Runs a suite and keeps its figures.
    pub async fn run_suite(
        &self,
        permit: &Permit<Manage>,
        suite: SuiteId,
        planner: LabPlanner,
    ) -> Result<SuiteRun> {
        let cases = self.list_cases(permit, suite).await?;
        if cases.is_empty() {
            let problem =
                Problem::new("no_cases", "This suite has no cases yet.", "Add some, or import a case file.");
            return Err(problem.into());
        }
        let planner = match planner {
            LabPlanner::Guru => self.planner_of(&permit.guru),
            LabPlanner::Embedded => self.planner().clone(),
        };
        let before = self.report_before(permit, suite, planner.model()).await?;
        let questions = cases.iter().map(|case| case.case.clone()).collect();
        let results = self.run_lab(&permit.guru, planner, questions).await?;
        let run = LabRun {
            id: LabRunId::from_uuid(new_uuid()),
            planner: results.planner.clone(),
            report: serde_json::to_value(&results.report)
                .map_err(|error| EngineError::internal("writing a report", error))?,
            created_at: self.clock().now(),
        };
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        lab::insert_run(&mut tx, permit.guru_id(), suite, &run).await?;
        tx.commit().await?;
        Ok(SuiteRun { id: run.id, results, cases, before })
    }

    /// Runs cases that are not kept anywhere.
    pub async fn run_loose_cases(
        &self,
        permit: &Permit<Manage>,
        cases: Vec<Case>,
        planner: LabPlanner,
    ) -> Result<LabResults> {
        if cases.len() > CASES_PER_SUITE_MAX {
            return Err(too_many("cases", CASES_PER_SUITE_MAX));
        }
        for case in &cases {
            check_case(case)?;
        }
        let planner = match planner {
            LabPlanner::Guru => self.planner_of(&permit.guru),
            LabPlanner::Embedded => self.planner().clone(),
        };
        self.run_lab(&permit.guru, planner, cases).await
    }

    pub async fn suite_runs(&self, permit: &Permit<Manage>, suite: SuiteId) -> Result<Vec<LabRun>> {
        self.suite(permit, suite).await?;
        Ok(lab::runs(&self.db().reader, permit.guru_id(), suite, RUNS_SHOWN_MAX).await?)
    }

    async fn report_before(
        &self,
        permit: &Permit<Manage>,
        suite: SuiteId,
        planner: &str,
    ) -> Result<Option<Report>> {
        let runs = lab::runs(&self.db().reader, permit.guru_id(), suite, RUNS_SHOWN_MAX).await?;
        let same = runs.into_iter().find(|run| run.planner == planner);
        // A report of an older build may lack figures: then there is nothing to compare with.
        Ok(same.and_then(|run| serde_json::from_value(run.report).ok()))
    }

    async fn suite(&self, permit: &Permit<Manage>, id: SuiteId) -> Result<Suite> {
        let found = lab::suite(&self.db().reader, permit.guru_id(), id).await?;
        found.ok_or_else(|| EngineError::not_found("suite", id))
    }
}

/// What a plan fired, as a case expects it: values that were found, and what was asked for as required and missing.
fn expected_of(plan: &Plan) -> Expected {
    let mut expected = Expected::new();
    let is_found = |place: &Place| *place != Place::Default;
    let steps = plan.steps.iter().map(|step| (&step.action, &step.arguments, &step.origins));
    let lacking = plan.missing.iter().map(|lack| (&lack.action, &lack.arguments, &lack.origins));
    for (action, arguments, origins) in steps.chain(lacking) {
        let found = origins.iter().filter(|origin| is_found(&origin.place)).filter_map(|origin| {
            let value = arguments.get(&origin.parameter)?;
            Some((origin.parameter.to_string(), Some(vec![value.to_string()])))
        });
        expected.entry(action.to_string()).or_default().extend(found);
    }
    for lack in &plan.missing {
        let asked = lack.parameters.iter().map(|parameter| (parameter.to_string(), None));
        expected.entry(lack.action.to_string()).or_default().extend(asked);
    }
    expected
}

fn masked(masker: &Masker, case: Case) -> Case {
    let mask = |text: String| masker.mask_str(&text).into_string();
    let values = |values: Option<Vec<String>>| values.map(|values| values.into_iter().map(mask).collect());
    Case {
        question: mask(case.question),
        before: case.before.into_iter().map(mask).collect(),
        expected: case
            .expected
            .into_iter()
            .map(|(action, parameters)| {
                (action, parameters.into_iter().map(|(name, accepted)| (name, values(accepted))).collect())
            })
            .collect(),
        ..case
    }
}

fn content(case: &Case) -> Result<MaskedJson<serde_json::Value>> {
    let value = serde_json::to_value(case).map_err(|error| EngineError::internal("writing a case", error))?;
    Ok(MaskedJson::of_masked_fields("case", &value)?)
}

fn read_case(stored: StoredCase) -> Result<LabCase> {
    let case = serde_json::from_value(stored.content)
        .map_err(|error| EngineError::internal("reading a case", error))?;
    Ok(LabCase { id: stored.id, case, turn_id: stored.turn_id })
}

fn check_suite_name(name: &str) -> Result<()> {
    if name.is_empty() || name.chars().count() > SUITE_NAME_CHARS_MAX {
        let hint = format!("Give it 1 to {SUITE_NAME_CHARS_MAX} characters.");
        return Err(Problem::new("bad_name", "The suite's name is empty or too long.", hint)
            .at("name")
            .into());
    }
    Ok(())
}

fn check_case(case: &Case) -> Result<()> {
    let texts = case.before.iter().chain([&case.question]);
    let too_long = texts.into_iter().any(|text| text.chars().count() > CASE_TEXT_CHARS_MAX);
    if case.question.trim().is_empty() || too_long || case.before.len() > CASE_TURNS_MAX {
        let hint = format!(
            "Give a question and at most {CASE_TURNS_MAX} texts before it, each within {CASE_TEXT_CHARS_MAX} characters."
        );
        return Err(Problem::new("bad_case", "A case has no question or is too long.", hint)
            .at("question")
            .into());
    }
    Ok(())
}

fn too_many(what: &str, max: usize) -> EngineError {
    Problem::new(
        "too_many",
        format!("That would be more than {max} {what}."),
        "Delete some that are not needed.",
    )
    .into()
}

fn name_taken(error: StorageError) -> EngineError {
    if !matches!(error, StorageError::Conflict { .. }) {
        return error.into();
    }
    EngineError::Conflict(Problem::new(
        "name_taken",
        "There is a suite with this name already.",
        "Choose another name.",
    ))
}

fn change<'a>(permit: &'a Permit<Manage>, verb: &'static str, what: &str) -> Change<'a, (), ()> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("lab {what}"),
        guru_id: Some(permit.guru_id()),
        before: None,
        after: None,
    }
}

/// The embedded planner, whichever the guru uses: what replays and overlaps are judged by, since they ask many
/// questions at once.
pub(super) fn embedded(engine: &Engine) -> std::sync::Arc<errand_planners::embedded::EmbeddedPlanner> {
    match engine.planner() {
        Planner::Embedded(embedded) => std::sync::Arc::clone(embedded),
        Planner::Llm(llm) => std::sync::Arc::clone(&llm.embedded),
    }
}
