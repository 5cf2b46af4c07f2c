//! An action's own wording of its result: a template over `result`, `arguments` and `status`, used when no language
//! model writes the answer. Values are escaped as Markdown; a template can't loop for ever or reach anything else.

use std::sync::LazyLock;

use errand_domain::{Arguments, Problem};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, Value, context, syntax::SyntaxConfig,
    value::Serde,
};

use super::markdown;

/// Steps a template may take; a loop over ten thousand rows fits, an endless one does not.
const TEMPLATE_FUEL: u64 = 200_000;

/// One configured environment for all templates: stateless, so sharing it shares no mutable state.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_fuel(Some(TEMPLATE_FUEL));
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(format_escaped);
    environment.add_filter("money", money);
    environment.add_filter("date", date);
    environment.add_filter("plural", plural);
    environment
}

fn format_escaped(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(());
    }
    let text = if value.is_safe() { value.to_string() } else { markdown::escape(&value.to_string()) };
    out.write_str(&text).map_err(|_| Error::new(ErrorKind::WriteFailure, "the answer could not be written"))
}

/// The answer's words for one result. `result` is the masked output; text that is not JSON is a plain string.
pub fn render(template: &str, result: &str, arguments: &Arguments) -> Result<String, Problem> {
    let parsed: serde_json::Value =
        serde_json::from_str(result).unwrap_or_else(|_| serde_json::Value::String(result.to_owned()));
    let arguments: serde_json::Map<_, _> =
        arguments.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect();
    ENVIRONMENT
        .render_str(template, context! { result => Value::from(Serde(&parsed)), arguments => Value::from(Serde(&arguments)), status => "succeeded" })
        .map(|text| text.trim().to_owned())
        .map_err(|error| problem(&error))
}

/// Checks a template when an action is saved.
pub fn check(template: &str) -> Result<(), Problem> {
    ENVIRONMENT.template_from_str(template).map(|_| ()).map_err(|error| problem(&error))
}

fn problem(error: &Error) -> Problem {
    let place = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
    let what = error.detail().unwrap_or("it can't be read").to_owned();
    Problem::new(
        "bad_answer_template",
        format!("The answer template is off{place}: {what}."),
        "See docs/action-file.md for what a template may hold.",
    )
    .at("answer")
}

/// Minor units to an amount: `4990 | money("usd")` → `49.90 USD`.
#[allow(clippy::needless_pass_by_value)] // the template engine hands over owned arguments
fn money(minor: i64, currency: Option<String>) -> String {
    let currency = currency.unwrap_or_default().to_uppercase();
    let digits = if ZERO_DECIMAL_CURRENCIES.contains(&currency.as_str()) { 0 } else { 2 };
    let sign = if minor < 0 { "-" } else { "" };
    let amount = minor.unsigned_abs();
    let text = if digits == 0 {
        format!("{sign}{amount}")
    } else {
        format!("{sign}{}.{:02}", amount / 100, amount % 100)
    };
    format!("{text} {currency}").trim_end().to_owned()
}

/// Currencies without minor units (ISO 4217).
const ZERO_DECIMAL_CURRENCIES: [&str; 8] = ["JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF"];

/// Unix seconds or an ISO 8601 text to `12 Nov 2026`, optionally some days later; what is neither stays as it is.
#[allow(clippy::needless_pass_by_value)]
fn date(value: Value, plus_days: Option<i64>) -> String {
    let day = if let Ok(seconds) = i64::try_from(value.clone()) {
        jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).date())
    } else {
        value.as_str().and_then(|text| text.get(..10)).and_then(|text| text.parse::<jiff::civil::Date>().ok())
    };
    let later =
        day.and_then(|day| day.checked_add(jiff::Span::new().try_days(plus_days.unwrap_or(0)).ok()?).ok());
    later.map_or_else(|| value.to_string(), |day| day.strftime("%-d %b %Y").to_string())
}

/// `3 | plural("ticket", "tickets")` → `3 tickets`.
#[allow(clippy::needless_pass_by_value)]
fn plural(count: i64, one: String, many: String) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_render(template: &str, result: &str, expect: &str) {
        let got = render(template, result, &Arguments::new())
            .unwrap_or_else(|problem| format!("{}: {}", problem.code, problem.message));
        assert_eq!(got, expect, "{template}");
    }

    #[test]
    fn values_are_worded() {
        check_render(
            "Refund of {{ result.amount | money(result.currency) }}",
            r#"{"amount":4990,"currency":"usd"}"#,
            "Refund of 49.90 USD",
        );
        check_render("{{ 500 | money('jpy') }}", "{}", "500 JPY");
        check_render(
            "{{ result.created | date }} {{ result.created | date(5) }}",
            r#"{"created":1794182400}"#,
            "9 Nov 2026 14 Nov 2026",
        );
        check_render("{{ '2026-12-24T10:00:00Z' | date }} {{ 'soon' | date }}", "{}", "24 Dec 2026 soon");
        check_render("{{ result | length | plural('ticket', 'tickets') }}", "[1]", "1 ticket");
    }

    #[test]
    fn data_is_escaped_and_missing_fields_are_empty() {
        check_render("**{{ result.a }}**{{ result.b }}", r#"{"a":"[x](y)"}"#, "**\\[x\\](y)**");
    }

    #[test]
    fn a_broken_or_endless_template_is_an_error() {
        assert!(check("{{ result.").is_err());
        assert!(
            render(
                "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
                "{}",
                &Arguments::new()
            )
            .is_err()
        );
    }
}
