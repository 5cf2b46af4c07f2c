//! Action files to try things with.

use serde_json::{Value, json};

/// A question that fires [`get_action`] and [`post_action`], word for word one of their examples.
pub const WEATHER_QUESTION: &str = "What is the weather in Lisbon like today?";
pub const PARCEL_QUESTION: &str = "Please send a replacement parcel to my neighbour";

/// Reads, so that it may be dropped.
pub fn get_action(name: &str, url: &str) -> Value {
    json!({
        "version": 1,
        "name": name,
        "trigger": "When the user asks about the weather in a city",
        "examples": [WEATHER_QUESTION, "Is it raining in Porto?"],
        "run": {"type": "api_call", "method": "GET", "url": url},
        "usage": "Give the temperature first.",
    })
}

/// Writes, so that it is finished once begun.
pub fn post_action(name: &str, url: &str) -> Value {
    json!({
        "version": 1,
        "name": name,
        "trigger": "When the user wants a replacement parcel to be sent",
        "examples": [PARCEL_QUESTION, "Send me the parcel again"],
        "run": {"type": "api_call", "method": "POST", "url": url, "body": "{\"express\": true}"},
        "usage": "Give the parcel's number first.",
    })
}

/// A required string parameter.
pub fn string_parameter(name: &str) -> Value {
    json!({"name": name, "type": "string", "description": format!("The {name} as the user writes it, such as abc"), "required": true})
}

/// A question that fires [`python_action`], word for word one of its examples.
pub const REPORT_QUESTION: &str = "Please make the weekly report of the warehouse";

/// A script; what it prints is the result.
pub fn python_action(name: &str, code: &str) -> Value {
    json!({
        "version": 1,
        "name": name,
        "trigger": "When the user wants the weekly report of the warehouse to be made",
        "examples": [REPORT_QUESTION, "Make the warehouse report"],
        "run": {"type": "python", "code": code},
        "usage": "Give the number of parcels first.",
        "timeout_ms": 20000,
    })
}
