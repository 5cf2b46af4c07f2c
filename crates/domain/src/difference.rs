//! What changed between two definitions, field by field, for people who compare versions.

use std::collections::BTreeMap;

use serde_json::Value;

/// One field that differs; a side is None where the field is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Path of the field, such as `run.headers[Authorization].value`.
    pub field: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The fields that differ, by the order in which they stand in `before`, then those that are new. Lists whose items
/// have names are compared by name, so that a parameter that was moved is no change of its neighbours.
pub fn differences(before: &Value, after: &Value) -> Vec<FieldChange> {
    let (old, new) = (fields(before), fields(after));
    let known: BTreeMap<&str, &Value> = new.iter().map(|(path, value)| (path.as_str(), *value)).collect();
    let was: BTreeMap<&str, &Value> = old.iter().map(|(path, value)| (path.as_str(), *value)).collect();
    let changed = old.iter().filter_map(|(path, value)| {
        let now = known.get(path.as_str()).copied();
        (now != Some(value)).then(|| FieldChange {
            field: path.clone(),
            before: Some((*value).clone()),
            after: now.cloned(),
        })
    });
    let added = new.iter().filter(|(path, _)| !was.contains_key(path.as_str())).map(|(path, value)| {
        FieldChange { field: path.clone(), before: None, after: Some((*value).clone()) }
    });
    changed.chain(added).collect()
}

/// Every value that is neither a list nor an object (or is an empty one), with its path.
fn fields(value: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    visit(String::new(), value, &mut found);
    found
}

fn visit<'a>(path: String, value: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                visit(path, member, found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let names = names_of(items);
            for (index, item) in items.iter().enumerate() {
                let place = names.as_ref().map_or_else(|| index.to_string(), |names| names[index].to_owned());
                visit(format!("{path}[{place}]"), item, found);
            }
        }
        _ => found.push((path, value)),
    }
}

/// The items' names, when each has one and no two the same.
fn names_of(items: &[Value]) -> Option<Vec<&str>> {
    let names: Vec<&str> =
        items.iter().map(|item| item.get("name").and_then(Value::as_str)).collect::<Option<_>>()?;
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == names.len()).then_some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "tests write the values in place")]
    fn check(before: Value, after: Value, expect: &[(&str, Option<Value>, Option<Value>)]) {
        let got: Vec<_> = differences(&before, &after)
            .into_iter()
            .map(|change| (change.field, change.before, change.after))
            .collect();
        let expect: Vec<_> = expect
            .iter()
            .map(|(field, before, after)| ((*field).to_owned(), before.clone(), after.clone()))
            .collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn fields_are_compared_one_by_one() {
        let old = json!({"trigger": "a", "run": {"url": "x", "retries_max": 1}, "usage": "same"});
        let new = json!({"trigger": "b", "run": {"url": "x"}, "usage": "same", "answer": "new"});
        check(
            old,
            new,
            &[
                ("trigger", Some(json!("a")), Some(json!("b"))),
                ("run.retries_max", Some(json!(1)), None),
                ("answer", None, Some(json!("new"))),
            ],
        );
        check(json!({"a": [1, 2]}), json!({"a": [1, 2]}), &[]);
        check(
            json!({"a": []}),
            json!({"a": [1]}),
            &[("a", Some(json!([])), None), ("a[0]", None, Some(json!(1)))],
        );
    }

    #[test]
    fn named_items_are_compared_by_name() {
        let id = json!({"name": "id", "required": true});
        let zone = json!({"name": "zone", "required": false});
        check(json!({"parameters": [id, zone]}), json!({"parameters": [zone, id]}), &[]);
        check(
            json!({"parameters": [id]}),
            json!({"parameters": [{"name": "id", "required": false}]}),
            &[("parameters[id].required", Some(json!(true)), Some(json!(false)))],
        );
        let twice = json!([{"name": "a", "value": 1}, {"name": "a", "value": 2}]);
        check(
            twice.clone(),
            json!([twice[0], {"name": "a", "value": 3}]),
            &[("[1].value", Some(json!(2)), Some(json!(3)))],
        );
    }
}
