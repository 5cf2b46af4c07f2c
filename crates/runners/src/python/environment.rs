//! What a script finds in its environment.
//!
//! | value | as |
//! |---|---|
//! | string | itself |
//! | number | its canonical text: `3`, `12.5`, `-0.001` |
//! | boolean | `true` or `false` |
//! | an optional parameter that was not given | no variable |
//! | secret, built-in | itself; an unknown user's e-mail and name are empty |

use errand_domain::{ArgValue, ParameterName, PythonScript, SecretName, caller::BUILT_IN_NAMES};

use crate::{RunFailure, RunInput, values::Value};

/// Parameters first, then secrets, then built-ins; names can't be shared between them.
pub(super) fn of(script: &PythonScript, input: &RunInput) -> Result<Vec<(String, String)>, RunFailure> {
    let parameters = input.action.parameters.iter().map(|parameter| ParameterName::as_str(&parameter.name));
    let secrets = script.secrets.iter().map(SecretName::as_str);
    let mut environment = Vec::with_capacity(input.action.parameters.len() + script.secrets.len() + 4);
    for name in parameters.chain(secrets).chain(BUILT_IN_NAMES) {
        let value = Value::of(name, input)?;
        if value.is_absent() {
            continue;
        }
        let text = canonical(value);
        if text.contains('\0') {
            return Err(RunFailure::BadVariable { name: name.to_owned() });
        }
        environment.push((name.to_owned(), text));
    }
    Ok(environment)
}

/// Above this, not every whole number has a 64-bit float of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// `3` and `3.0` are one number, so they are one text.
fn canonical(value: Value<'_>) -> String {
    if let Value::Argument(ArgValue::Number(number)) = value
        && let Some(float) = number.as_f64().filter(|float| number.is_f64() && float.abs() < WHOLE_MAX)
        && float.fract() == 0.0
    {
        return format!("{float:.0}");
    }
    value.with_text(str::to_owned)
}
