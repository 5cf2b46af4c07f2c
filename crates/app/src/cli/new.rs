//! `errand action new`: a file to begin with, which already keeps every rule.

use std::{collections::BTreeSet, fs, io::Write as _, path::PathBuf};

use errand_domain::{
    ActionName, ApiCall, BodyFormat, Header, Method, ParameterName, ParameterType, PythonScript, SecretName,
    action_file::{ACTION_FILE_VERSION, ActionFile, ParameterFile, Run},
    caller::BUILT_IN_NAMES,
    placeholder::Template,
};
use serde_json::json;

use super::{
    failure::{Exit, Failure},
    output::Output,
};

const AFTER_HELP: &str = "\
JSON has no comments: the texts in the file say what belongs in their place, and what is to be done is printed.
In --url a {placeholder} in capitals becomes a secret, any other a parameter.

Examples:
  errand action new order_status --url 'https://shop.example.com/v1/orders/{order_id}'
  errand action new create_bug --method POST --url 'https://tracker.example.com/issues'
  errand action new pto_balance --python -o actions/pto_balance.json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct NewArgs {
    /// Name of the action
    name: ActionName,
    /// What it does
    #[arg(long = "type", value_enum, default_value = "api-call")]
    kind: Kind,
    /// Short for `--type python`
    #[arg(long, conflicts_with_all = ["kind", "url", "method"])]
    python: bool,
    /// Address that an API call goes to
    #[arg(long, default_value = "https://api.example.com/v1/orders/{order_id}")]
    url: String,
    /// Method of an API call
    #[arg(long, default_value = "GET", value_parser = method)]
    method: Method,
    /// Where to write it [default: NAME.json]; `-` for standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    ApiCall,
    Python,
}

fn method(text: &str) -> Result<Method, String> {
    let known = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    known
        .into_iter()
        .find(|method| method.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| "choose GET, POST, PUT, PATCH or DELETE".to_owned())
}

pub fn run(output: &Output, args: NewArgs) -> Result<Exit, Failure> {
    let file = starting_file(&args);
    let text = serde_json::to_string_pretty(&file.to_json()).unwrap_or_default() + "\n";
    let path = args.output.unwrap_or_else(|| PathBuf::from(format!("{}.json", args.name)));
    if path.as_os_str() == "-" {
        output.piece(&text)?;
        return Ok(Exit::Done);
    }
    write(&path, &text, args.force)?;
    output.show(&json!({ "written": path }), || {
        output.line(format!("Wrote `{}`. Now:", path.display()))?;
        for (index, step) in steps(&file, &path).iter().enumerate() {
            output.line(format!("  {}. {step}", index + 1))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn write(path: &PathBuf, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(force).create_new(!force);
    match options.open(path).and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::usage(
            format!("`{}` is there already.", path.display()),
            "Choose another name, or write over it with `--force`.",
        )),
        written => written.map_err(|error| Failure::file("write", path, &error)),
    }
}

/// What is left to the builder.
fn steps(file: &ActionFile, path: &std::path::Path) -> Vec<String> {
    let mut steps = vec![
        "Say in `trigger` when it runs, in the user's words, and in `examples` what they might ask.".to_owned(),
        "Say in each parameter's `description` what to extract; `errand action lint` proposes better wordings.".to_owned(),
    ];
    steps.extend(secrets(file).iter().map(|secret| format!("`errand secret set {secret}`")));
    steps.push(format!("`errand action lint {0}`, then `errand action import {0}`", path.display()));
    steps.push(format!("`errand action test {}`, then `errand action enable {}`", file.name, file.name));
    steps
}

fn secrets(file: &ActionFile) -> BTreeSet<SecretName> {
    match &file.run {
        Run::ApiCall(call) => {
            let names: Vec<String> = call.templates().iter().flat_map(|(_, text)| names_in(text)).collect();
            names.iter().filter(|name| is_secret(name)).filter_map(|name| name.parse().ok()).collect()
        }
        Run::Python(script) => script.secrets.iter().cloned().collect(),
        Run::Agent(_) => BTreeSet::new(),
    }
}

fn names_in(text: &str) -> Vec<String> {
    let names = Template::parse(text).names().into_iter().map(ToString::to_string).collect::<Vec<_>>();
    names.into_iter().filter(|name| !BUILT_IN_NAMES.contains(&name.as_str())).collect()
}

fn is_secret(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn starting_file(args: &NewArgs) -> ActionFile {
    let kind = if args.python { Kind::Python } else { args.kind };
    let (run, parameters) = match kind {
        Kind::ApiCall => (Run::ApiCall(starting_call(args)), names_in(&args.url)),
        Kind::Python => (Run::Python(starting_script()), vec!["order_id".to_owned()]),
    };
    let words = args.name.as_str().replace(['_', '-'], " ");
    let parameters =
        parameters.into_iter().filter(|name| !is_secret(name) && name.parse::<ParameterName>().is_ok());
    ActionFile {
        schema: Some("https://errand.dev/schema/action-file.v1.schema.json".to_owned()),
        version: ACTION_FILE_VERSION,
        name: args.name.to_string(),
        trigger: format!("When the user asks about {words}: say here in which cases, as you would tell a colleague"),
        examples: vec![
            format!("A question about {words} as users really ask it"),
            "The same in other words, with the value that is to be extracted, such as 12345".to_owned(),
        ],
        parameters: parameters.map(|name| starting_parameter(&name)).collect(),
        run,
        usage: "Say here how the answer should present the result: what comes first, what is left out, what is the next step.".to_owned(),
        answer: None,
        timeout_ms: Some(10_000),
        runs_with: Vec::new(),
        allowed_hosts: Vec::new(),
    }
}

fn starting_parameter(name: &str) -> ParameterFile {
    ParameterFile {
        name: name.to_owned(),
        kind: ParameterType::String,
        description: format!("The {} as the user writes it, such as 12345", name.replace('_', " ")),
        required: true,
        default: None,
        values: Vec::new(),
    }
}

fn starting_call(args: &NewArgs) -> ApiCall {
    let has_body = !matches!(args.method, Method::Get | Method::Delete);
    ApiCall {
        method: args.method,
        url: args.url.clone(),
        headers: vec![Header {
            name: "Authorization".to_owned(),
            value: "Bearer {EXAMPLE_API_KEY}".to_owned(),
        }],
        basic_auth: None,
        body: has_body.then(|| "{\"requested_by\": \"{GURUBASE_USER_EMAIL}\"}".to_owned()),
        body_format: BodyFormat::Json,
        redirects_max: 5,
        retries_max: 0,
    }
}

fn starting_script() -> PythonScript {
    let code = "# Parameters, the listed secrets and the GURUBASE_* variables are environment variables;\n\
                # what is printed is the result.\n\
                import os\nimport requests\n\n\
                reply = requests.get(\n    \"https://api.example.com/v1/orders/\" + os.environ[\"order_id\"],\n    \
                headers={\"Authorization\": \"Bearer \" + os.environ[\"EXAMPLE_API_KEY\"]},\n    timeout=10,\n)\n\
                reply.raise_for_status()\nprint(reply.text)\n";
    PythonScript { code: code.to_owned(), secrets: "EXAMPLE_API_KEY".parse().into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use errand_domain::limits::Limits;

    use super::*;

    fn check(kind: Kind, method: Method, url: &str, parameters: &[&str]) {
        let name = "order_status".parse().expect("a name");
        let args =
            NewArgs { name, kind, url: url.to_owned(), method, python: false, output: None, force: false };
        let file = starting_file(&args);
        let text = serde_json::to_string(&file.to_json()).expect("JSON");
        let spec = ActionFile::from_json(&text)
            .expect("the file can be read")
            .check(&Limits::default())
            .expect("it keeps the rules");
        let names: Vec<&str> = spec.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, parameters, "{url}");
        assert!(spec.unused_parameters().is_empty());
        assert!(secrets(&file).iter().any(|secret| secret.as_str() == "EXAMPLE_API_KEY"));
    }

    #[test]
    fn every_starting_file_keeps_the_rules() {
        check(Kind::ApiCall, Method::Get, "https://x.test/{order_id}?key={SHOP_KEY}", &["order_id"]);
        check(Kind::ApiCall, Method::Post, "https://x.test/orders", &[]);
        check(Kind::ApiCall, Method::Delete, "https://x.test/{GURUBASE_GURU_SLUG}", &[]);
        check(Kind::Python, Method::Get, "", &["order_id"]);
    }

    #[test]
    fn a_file_is_not_written_over_unasked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        assert!(write(&path, "a longer text", false).is_ok());
        assert_eq!(write(&path, "b", false).map_err(|failure| failure.exit), Err(Exit::Usage));
        assert!(write(&path, "c", true).is_ok());
        assert_eq!(fs::read_to_string(&path).ok().as_deref(), Some("c"));
    }
}
