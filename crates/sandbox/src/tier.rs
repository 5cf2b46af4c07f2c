//! Which tier a script needs, from what it imports.

use crate::Tier;

/// Modules of the standard library and light ones; with these alone the bare tier does. Whatever else a script imports,
/// the data tier has it loaded already, or loads it as quickly.
const HEAVY: [&str; 24] = [
    "anthropic",
    "boto3",
    "bs4",
    "dateutil",
    "google",
    "httpx",
    "jinja2",
    "jira",
    "lxml",
    "matplotlib",
    "numpy",
    "openai",
    "openpyxl",
    "pandas",
    "pydantic",
    "pydantic_core",
    "requests",
    "scipy",
    "slack_sdk",
    "sqlalchemy",
    "stripe",
    "urllib3",
    "yaml",
    "zenpy",
];

impl Tier {
    /// Looks for import statements line by line, also inside functions. A word in a text may be taken for one: that
    /// costs a few milliseconds and nothing else.
    pub fn for_script(code: &str) -> Self {
        let statements = code.lines().flat_map(|line| line.split(';'));
        let needs_data = statements.flat_map(imported).any(|module| HEAVY.contains(&module))
            || code.contains("import_module(") && HEAVY.iter().any(|module| code.contains(module));
        if needs_data { Self::Data } else { Self::Bare }
    }
}

/// The top-level names that a statement imports.
fn imported(statement: &str) -> Vec<&str> {
    // `if x: import y` and `with z: from y import x` are statements too.
    let statement = statement.trim_start();
    let statement = match statement.find(": ") {
        Some(at) if !statement.starts_with("import ") && !statement.starts_with("from ") => {
            statement.get(at + 2..).unwrap_or_default().trim_start()
        }
        _ => statement,
    };
    if let Some(modules) = statement.strip_prefix("import ") {
        return modules.split(',').map(top_level).collect();
    }
    match statement.strip_prefix("from ") {
        Some(module) => vec![top_level(module)],
        None => Vec::new(),
    }
}

fn top_level(module: &str) -> &str {
    let module = module.trim_start();
    let end = module.find(|letter: char| letter != '_' && !letter.is_alphanumeric()).unwrap_or(module.len());
    module.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_decide() {
        let check = |code: &str, expect: Tier| assert_eq!(Tier::for_script(code), expect, "{code}");
        check("print(1)", Tier::Bare);
        check("import json, os\nfrom datetime import date", Tier::Bare);
        check("import pandas as pd", Tier::Data);
        check("import json, numpy", Tier::Data);
        check("def f():\n    from openai import OpenAI\n", Tier::Data);
        check("import os; import requests", Tier::Data);
        check("try: import yaml\nexcept ImportError: pass", Tier::Data);
        check("from lxml.etree import tostring", Tier::Data);
        check("import pandas_like\nimporting = 1", Tier::Bare);
        check("import importlib\nimportlib.import_module('pandas')", Tier::Data);
    }
}
