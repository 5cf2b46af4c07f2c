//! Stripe's search query language, as far as charges and customers use it: clauses `field:'text'`, `field~'text'`,
//! `field>number`, `metadata['key']:'text'`, negated with `-`, joined by `AND` or by `OR`. A backslash in a text makes the
//! next character, such as a quotation mark, a part of it.

use serde_json::Value;

/// A parsed query.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    clauses: Vec<Clause>,
    any: bool,
}

#[derive(Debug, PartialEq)]
struct Clause {
    negated: bool,
    /// Path into the object: `status`, or `metadata` and the key.
    path: Vec<String>,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Equal,
    Contains,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Reads a query; the error is Stripe's message for it. `fields` are those that can be searched.
pub(super) fn parse(text: &str, fields: &[&str]) -> Result<Query, String> {
    let (parts, any) = split(text)?;
    let clauses = parts.iter().map(|part| clause(part, fields)).collect::<Result<_, _>>()?;
    Ok(Query { clauses, any })
}

/// The clauses' texts and whether they are joined by OR.
fn split(text: &str) -> Result<(Vec<String>, bool), String> {
    let mut parts = vec![String::new()];
    let mut joiners = Vec::new();
    let mut quote = None;
    for word in text.split_inclusive(' ') {
        let bare = word.trim();
        if quote.is_none() && (bare.eq_ignore_ascii_case("AND") || bare.eq_ignore_ascii_case("OR")) {
            joiners.push(bare.to_ascii_uppercase());
            parts.push(String::new());
            continue;
        }
        let mut letters = word.chars();
        while let Some(letter) = letters.next() {
            match quote {
                Some(_) if letter == '\\' => drop(letters.next()),
                None if letter == '\'' || letter == '"' => quote = Some(letter),
                Some(open) if open == letter => quote = None,
                _ => {}
            }
        }
        if let Some(last) = parts.last_mut() {
            last.push_str(word);
        }
    }
    if quote.is_some() {
        return Err(format!(
            "We were unable to parse your search query: `{text}` has a quotation mark that is not closed."
        ));
    }
    if joiners.iter().any(|joiner| *joiner != joiners[0]) {
        return Err("You cannot combine `AND` and `OR` in the same search query.".to_owned());
    }
    Ok((parts, joiners.first().is_some_and(|joiner| joiner == "OR")))
}

fn clause(text: &str, fields: &[&str]) -> Result<Clause, String> {
    let unreadable = || format!("We were unable to parse your search query near `{text}`.");
    let text = text.trim();
    let (negated, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let name_end = rest
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'))
        .ok_or_else(unreadable)?;
    let (name, mut rest) = rest.split_at(name_end);
    let mut path: Vec<_> = name.split('.').map(str::to_owned).collect();
    if name == "metadata" {
        let key = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(unreadable)?;
        path.push(unquoted(key.0).ok_or_else(unreadable)?);
        rest = key.1;
    } else if !fields.contains(&name) {
        return Err(format!("Field `{name}` is an unsupported search field for this resource."));
    }
    let (operator, value) = operator(rest).ok_or_else(unreadable)?;
    let numeric = value.bytes().all(|b| b.is_ascii_digit() || b == b'-') && !value.is_empty();
    let value = unquoted(value).or_else(|| numeric.then(|| value.to_owned())).ok_or_else(unreadable)?;
    Ok(Clause { negated, path, operator, value })
}

fn operator(text: &str) -> Option<(Operator, &str)> {
    const SIGNS: [(&str, Operator); 6] = [
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        (">", Operator::Greater),
        ("<", Operator::Less),
        (":", Operator::Equal),
        ("~", Operator::Contains),
    ];
    SIGNS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?.trim())))
}

/// What stands between quotation marks, when it is one text.
fn unquoted(text: &str) -> Option<String> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '\'' | '"'))?;
    let mut letters = text.strip_prefix(mark)?.strip_suffix(mark)?.chars();
    let mut inner = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => inner.push(letters.next()?),
            _ if letter == mark => return None,
            _ => inner.push(letter),
        }
    }
    Some(inner)
}

impl Query {
    /// Whether the object, in its JSON shape, is found.
    pub(super) fn finds(&self, object: &Value) -> bool {
        let mut found = self.clauses.iter().map(|clause| clause.finds(object) != clause.negated);
        if self.any { found.any(|one| one) } else { found.all(|one| one) }
    }
}

impl Clause {
    fn finds(&self, object: &Value) -> bool {
        let field = self.path.iter().try_fold(object, |object, key| object.get(key));
        match field {
            Some(Value::String(text)) => self.finds_text(text),
            Some(Value::Number(number)) => number.as_i64().is_some_and(|number| self.finds_number(number)),
            Some(Value::Bool(flag)) => self.operator == Operator::Equal && flag.to_string() == self.value,
            _ => false,
        }
    }

    fn finds_text(&self, text: &str) -> bool {
        let (text, value) = (text.to_lowercase(), self.value.to_lowercase());
        match self.operator {
            Operator::Equal => text == value,
            Operator::Contains => text.contains(&value),
            _ => false,
        }
    }

    fn finds_number(&self, number: i64) -> bool {
        let Ok(value) = self.value.parse::<i64>() else {
            return false;
        };
        match self.operator {
            Operator::Equal => number == value,
            Operator::Greater => number > value,
            Operator::GreaterOrEqual => number >= value,
            Operator::Less => number < value,
            Operator::LessOrEqual => number <= value,
            Operator::Contains => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(query: &str, expect: Result<bool, &str>) {
        let object = json!({"status": "succeeded", "amount": 4990, "metadata": {"order_id": "12345", "note": "a AND b"}});
        let got = parse(query, &["status", "amount", "created"]).map(|query| query.finds(&object));
        match (got, expect) {
            (Ok(got), Ok(expect)) => assert_eq!(got, expect, "{query}"),
            (Err(got), Err(expect)) => assert!(got.contains(expect), "{query}: {got}"),
            (got, expect) => panic!("{query}: {got:?} instead of {expect:?}"),
        }
    }

    #[test]
    fn queries_find_what_stripe_would_find() {
        check("metadata['order_id']:'12345'", Ok(true));
        check("metadata[\"order_id\"]:\"12345\" AND status:'succeeded'", Ok(true));
        check("metadata['order_id']:'1' OR amount>4000", Ok(true));
        check("amount>=4990 AND amount<4990", Ok(false));
        check("-status:'failed'", Ok(true));
        check("status~'succ'", Ok(true));
        check("metadata['note']:'a AND b'", Ok(true));
        check("metadata['none']:'x'", Ok(false));
        check(r"metadata['order_id']:'\' OR status:\'succeeded'", Ok(false));
        check(r"metadata['order_id']:'1\2345'", Ok(true));
        check(r"metadata['order_id']:'12345\'", Err("not closed"));
        check("metadata['order_id']:'1'2'3'", Err("unable to parse"));
        check("receipt_email:'ana@acme.test'", Err("unsupported search field"));
        check("status:'a' AND amount:1 OR amount:2", Err("cannot combine"));
        check("metadata['order_id']:'12345", Err("not closed"));
        check("status", Err("unable to parse"));
    }
}
