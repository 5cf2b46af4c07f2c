//! The template gallery: one folder each with `action.json`, `README.md` and `cases.jsonl`, read at build time. The code
//! of a Python action is a file of its own, `script.py`, so that it can be read and edited as what it is.

use std::{collections::BTreeMap, sync::LazyLock};

use errand_domain::{
    ActionSpec, ApiCall, PythonScript, SecretName,
    action_file::{ActionFile, Run},
    limits::Limits,
};
use serde::{Deserialize, Serialize};

/// One shipped action with all that a gallery shows of it.
#[derive(Debug, Clone)]
pub struct Template {
    /// The action's name and the folder's.
    pub name: &'static str,
    pub title: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    pub category: &'static str,
    pub action: ActionFile,
    /// What the action needs before it can run, in name order.
    pub secrets: Vec<SecretName>,
    /// The whole README, as Markdown.
    pub readme: &'static str,
    /// Questions with what they should lead to, for the trigger lab.
    pub cases: Vec<Case>,
}

/// One question with the actions and arguments that are right for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Names of the actions on offer.
    pub actions: Vec<String>,
    /// Earlier questions and answers by turns, oldest first.
    pub before: Vec<String>,
    pub question: String,
    /// Action → parameter → accepted values; empty when nothing may fire.
    pub expected: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// A template's files.
struct Folder {
    name: &'static str,
    action: &'static str,
    /// The code of a Python action.
    script: Option<&'static str>,
    readme: &'static str,
    cases: &'static str,
}

macro_rules! folder {
    ($name:literal, $script:expr) => {
        Folder {
            name: $name,
            action: include_str!(concat!("../", $name, "/action.json")),
            script: $script,
            readme: include_str!(concat!("../", $name, "/README.md")),
            cases: include_str!(concat!("../", $name, "/cases.jsonl")),
        }
    };
    ($name:literal) => {
        folder!($name, None)
    };
    ($name:literal with script) => {
        folder!($name, Some(include_str!(concat!("../", $name, "/script.py"))))
    };
}

/// In the gallery's order.
const FOLDERS: [Folder; 13] = [
    folder!("refund_lookup" with script),
    folder!("double_charge" with script),
    folder!("outage_status"),
    folder!("entitlements_lookup"),
    folder!("create_jira_bug" with script),
    folder!("sla_breach" with script),
    folder!("incident_impact" with script),
    folder!("order_status"),
    folder!("account_self_service"),
    folder!("product_availability"),
    folder!("pto_balance" with script),
    folder!("submit_pto_request"),
    folder!("notify_manager"),
];

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    // The texts are part of the binary and read by a test, so this can't fail in a build that passed it.
    FOLDERS.iter().map(read_folder).collect::<Result<_, _>>().expect("the embedded templates are valid")
});

/// Every shipped template, in the gallery's order.
pub fn templates() -> &'static [Template] {
    &TEMPLATES
}

/// The template of that name.
pub fn template(name: &str) -> Option<&'static Template> {
    templates().iter().find(|template| template.name == name)
}

/// Why a template's folder can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the action file of `{name}` breaks rules: {problems} Mend templates/{name}/action.json.")]
    Action { name: String, problems: String },
    #[error("the README of `{name}` has no {part}. Start it with `# Title`, a paragraph and `Category: …`.")]
    Readme { name: String, part: &'static str },
    #[error("line {line} of templates/{name}/cases.jsonl is not a case: {error}. See the lines around it.")]
    Case { name: String, line: usize, error: serde_json::Error },
}

fn read_folder(folder: &Folder) -> Result<Template, TemplateError> {
    let name = folder.name;
    let bad_action = |problems: String| TemplateError::Action { name: name.to_owned(), problems };
    let text = whole_action(folder).map_err(|error| bad_action(error.to_string()))?;
    let action = ActionFile::from_json(&text).map_err(|problem| bad_action(problem.to_string()))?;
    let spec = action.check(&Limits::default()).map_err(|problems| bad_action(problems.to_string()))?;
    let (title, summary, category) = readme_head(name, folder.readme)?;
    let secrets = spec.secrets().into_iter().collect();
    let cases = read_cases(name, folder.cases)?;
    Ok(Template { name, title, summary, category, action, secrets, readme: folder.readme, cases })
}

/// The action file with the script in its place.
fn whole_action(folder: &Folder) -> Result<String, serde_json::Error> {
    let Some(script) = folder.script else {
        return Ok(folder.action.to_owned());
    };
    let mut action: serde_json::Value = serde_json::from_str(folder.action)?;
    action["run"]["code"] = script.into();
    serde_json::to_string(&action)
}

fn readme_head(
    name: &str,
    readme: &'static str,
) -> Result<(&'static str, &'static str, &'static str), TemplateError> {
    let missing = |part| TemplateError::Readme { name: name.to_owned(), part };
    let mut lines = readme.lines().filter(|line| !line.is_empty());
    let title = lines.next().and_then(|line| line.strip_prefix("# ")).ok_or(missing("title"))?;
    let summary = lines.next().ok_or(missing("summary"))?;
    let category =
        lines.next().and_then(|line| line.strip_prefix("Category: ")).ok_or(missing("category"))?;
    Ok((title, summary, category))
}

fn read_cases(name: &str, cases: &str) -> Result<Vec<Case>, TemplateError> {
    let numbered = cases.lines().enumerate();
    numbered
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| TemplateError::Case {
                name: name.to_owned(),
                line: index + 1,
                error,
            })
        })
        .collect()
}

/// Where services live other than at their real addresses, for the demo and for tests.
#[derive(Debug, Clone, Default)]
pub struct ServiceMap {
    /// Real base address → the one to use instead; neither ends with a slash.
    bases: Vec<(String, String)>,
    /// Placeholder → the text to put in its place: settings that are no secret at the other address.
    settings: Vec<(String, String)>,
    /// Host of the addresses to use instead.
    hosts: Vec<String>,
}

impl ServiceMap {
    /// Requests to `real` go to `instead` (both without a closing slash), whose host becomes allowed.
    #[must_use]
    pub fn base(mut self, real: impl Into<String>, instead: impl Into<String>) -> Self {
        let instead = instead.into();
        if let Some(host) = host_of(&instead).filter(|host| !self.hosts.contains(host)) {
            self.hosts.push(host);
        }
        self.bases.push((real.into(), instead));
        self
    }

    /// The placeholder `{name}` is replaced by `value` for good.
    #[must_use]
    pub fn setting(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((format!("{{{name}}}"), value.into()));
        self
    }

    fn moved(&self, url: &str) -> Option<String> {
        self.bases.iter().find_map(|(real, instead)| {
            let rest = url.strip_prefix(real.as_str())?;
            rest.starts_with(['/', '?']).then(|| format!("{instead}{rest}"))
        })
    }

    fn filled(&self, text: &str) -> String {
        self.settings
            .iter()
            .fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
    }

    /// The script with its service elsewhere: the base stands in it as one text, with the environment's values where
    /// an API call has placeholders.
    fn moved_script(&self, code: &str) -> Option<String> {
        self.bases.iter().find_map(|(real, instead)| {
            let real = format!("{}\"", real.replace('{', "{os.environ['").replace('}', "']}"));
            code.contains(&real).then(|| code.replace(&real, &format!("{instead}\"")))
        })
    }

    fn filled_script(&self, code: &str) -> String {
        self.settings.iter().fold(code.to_owned(), |code, (placeholder, value)| {
            let name = placeholder.trim_matches(['{', '}']);
            code.replace(&format!("os.environ[\"{name}\"]"), &format!("{value:?}"))
        })
    }
}

/// The host in `http://host:port/path`, without the port.
fn host_of(base: &str) -> Option<String> {
    let (_, rest) = base.split_once("://")?;
    let authority = rest.split('/').next()?;
    Some(authority.split(':').next()?.to_owned())
}

impl Template {
    /// The action with its service at the mapped address and only that host allowed. An action whose service is not
    /// in the map stays as it is.
    pub fn with_services(&self, services: &ServiceMap) -> ActionFile {
        let mut action = self.action.clone();
        let is_moved = match &mut action.run {
            Run::ApiCall(call) => move_call(call, services),
            Run::Python(script) => move_script(script, services),
            Run::Agent(_) => false,
        };
        if is_moved {
            action.allowed_hosts.clone_from(&services.hosts);
        }
        action
    }

    /// The action as the rules let it through.
    ///
    /// # Errors
    /// Never for a shipped template: it was checked when the gallery was read.
    pub fn spec(&self) -> Result<ActionSpec, errand_domain::Problems> {
        self.action.check(&Limits::default())
    }
}

fn move_call(call: &mut ApiCall, services: &ServiceMap) -> bool {
    let Some(url) = services.moved(&call.url) else {
        return false;
    };
    call.url = services.filled(&url);
    call.body = call.body.as_deref().map(|body| services.filled(body));
    true
}

fn move_script(script: &mut PythonScript, services: &ServiceMap) -> bool {
    let Some(code) = services.moved_script(&script.code) else {
        return false;
    };
    script.code = services.filled_script(&code);
    // What the script no longer reads is no secret at the other address.
    let code = &script.code;
    script.secrets.retain(|secret| code.contains(secret.as_str()));
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Applies `rule` to every template; a rule names what is wrong.
    fn check(rule: impl Fn(&Template, &ActionSpec) -> Vec<String>) {
        for template in templates() {
            let spec = template.spec().expect("checked when read");
            assert_eq!(rule(template, &spec), Vec::<String>::new(), "{}", template.name);
        }
    }

    #[test]
    fn every_folder_is_a_valid_template_named_as_its_action() {
        assert_eq!(templates().len(), FOLDERS.len());
        check(|template, spec| {
            let same = spec.name.as_str() == template.name;
            if same { vec![] } else { vec![format!("named {}", spec.name)] }
        });
    }

    #[test]
    fn triggers_and_examples_are_unique() {
        let mut seen = BTreeSet::new();
        for template in templates() {
            let texts = std::iter::once(&template.action.trigger).chain(&template.action.examples);
            for text in texts {
                assert!(seen.insert(text.to_lowercase()), "`{text}` stands twice");
            }
            assert!(template.action.examples.len() >= 6, "{}", template.name);
        }
    }

    #[test]
    fn every_parameter_is_used_and_every_secret_explained() {
        check(|template, spec| {
            let unused = spec.unused_parameters().into_iter().map(|name| format!("{name} is not used"));
            let silent =
                template.secrets.iter().filter(|name| !template.readme.contains(&format!("| `{name}` |")));
            unused.chain(silent.map(|name| format!("{name} is not in the README"))).collect()
        });
    }

    #[test]
    fn every_action_lists_its_hosts_and_says_how_to_answer() {
        check(|_, spec| {
            let mut wrong = Vec::new();
            if spec.allowed_hosts.is_empty() {
                wrong.push("no allowed hosts".to_owned());
            }
            if spec.usage.is_empty() || spec.answer.is_none() {
                wrong.push("no usage or answer".to_owned());
            }
            wrong
        });
    }

    #[test]
    fn companions_are_shipped_too() {
        check(|_, spec| {
            let unknown = spec.runs_with.iter().filter(|name| template(name.as_str()).is_none());
            unknown.map(|name| format!("runs with {name}")).collect()
        });
    }

    #[test]
    fn cases_speak_of_shipped_actions_and_their_parameters() {
        check(|template, _| template.cases.iter().flat_map(wrong_in_case).collect());
    }

    fn wrong_in_case(case: &Case) -> Vec<String> {
        let mut wrong = Vec::new();
        for (action, arguments) in &case.expected {
            let Some(spec) = template(action).and_then(|template| template.spec().ok()) else {
                wrong.push(format!("{action} is not shipped"));
                continue;
            };
            if !case.actions.contains(action) {
                wrong.push(format!("`{}` expects {action}, which is not on offer", case.question));
            }
            for (name, values) in arguments {
                let Some(parameter) = spec.parameter(name) else {
                    wrong.push(format!("{action} has no parameter {name}"));
                    continue;
                };
                let refused = values.iter().filter(|value| {
                    parameter.accept(&errand_domain::ArgValue::String((*value).clone())).is_err()
                });
                wrong.extend(refused.map(|value| format!("{name} does not take `{value}`")));
            }
            let required = spec.parameters.iter().filter(|p| p.required && p.default.is_none());
            let lacking = required.filter(|p| !arguments.contains_key(p.name.as_str()));
            wrong.extend(lacking.map(|p| format!("`{}` lacks {}", case.question, p.name)));
        }
        wrong
    }

    #[test]
    fn cases_are_many_varied_and_hold_near_misses() {
        check(|template, spec| {
            let cases = &template.cases;
            let copied = cases.iter().filter(|case| spec.examples.contains(&case.question)).count();
            let none = cases.iter().filter(|case| case.expected.is_empty()).count();
            let follow_ups = cases.iter().filter(|case| !case.before.is_empty()).count();
            let fine = cases.len() >= 15 && copied * 2 <= cases.len() && none >= 2 && follow_ups >= 1;
            if fine { vec![] } else { vec![format!("{} cases, {copied} copied, {none} none", cases.len())] }
        });
    }

    #[test]
    fn services_can_live_elsewhere() {
        let services = ServiceMap::default()
            .base("https://{JIRA_DOMAIN}", "http://127.0.0.1:9/jira")
            .base("https://api.statuspage.io", "http://127.0.0.1:9/statuspage")
            .setting("JIRA_PROJECT_KEY", "SHOP")
            .setting("STATUSPAGE_PAGE_ID", "ourpage");
        let moved = |name| template(name).expect("shipped").with_services(&services);
        let secrets = |action: &ActionFile| -> Vec<String> {
            let spec = action.check(&Limits::default()).expect("still valid");
            spec.secrets().iter().map(SecretName::to_string).collect()
        };
        let outage = moved("outage_status");
        let Run::ApiCall(call) = &outage.run else { panic!("an API call") };
        assert!(call.url.starts_with("http://127.0.0.1:9/statuspage/v1/pages/ourpage/"), "{}", call.url);
        assert_eq!(outage.allowed_hosts, ["127.0.0.1"]);
        assert_eq!(secrets(&outage), ["STATUSPAGE_API_KEY"]);

        let bug = moved("create_jira_bug");
        let Run::Python(script) = &bug.run else { panic!("a script") };
        assert!(script.code.contains("JIRA = f\"http://127.0.0.1:9/jira\"\n"), "{}", script.code);
        assert!(script.code.contains("PROJECT = \"SHOP\"\n"), "{}", script.code);
        assert_eq!(bug.allowed_hosts, ["127.0.0.1"]);
        assert_eq!(secrets(&bug), ["JIRA_API_TOKEN", "JIRA_EMAIL"]);
    }

    #[test]
    fn scripts_read_what_they_are_given() {
        check(|_, spec| {
            let errand_domain::ActionBody::Python(script) = &spec.body else {
                return vec![];
            };
            let names = spec.parameters.iter().map(|parameter| parameter.name.as_str());
            let names = names.chain(script.secrets.iter().map(SecretName::as_str));
            names
                .filter(|name| !script.code.contains(*name))
                .map(|name| format!("{name} is not read"))
                .collect()
        });
    }

    #[test]
    fn a_service_that_is_not_mapped_stays_where_it_is() {
        let services = ServiceMap::default().base("https://api.stripe.com", "http://127.0.0.1:9/stripe");
        let template = template("order_status").expect("shipped");
        assert_eq!(template.with_services(&services), template.action);
    }
}
