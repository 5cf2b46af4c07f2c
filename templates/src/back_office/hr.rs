//! The HR system: employees and their leave balances.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, StatusCode},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    BackOffice,
    clock::{day, draw_below},
    keys::{self, Door, in_house_error},
    params::Params,
};

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/v1/time-off/balances", get(balances))
        .route("/v1/employees", get(employees))
        .fallback(async || {
            in_house_error(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
        });
    let door =
        Door::in_house(HeaderName::from_static("authorization"), format!("Bearer {}", keys::HR_API_KEY));
    keys::guarded(routes, door, data)
}

/// Somebody who works here, with leave counted in half days.
#[derive(Debug, Clone)]
pub(super) struct Employee {
    pub email: String,
    pub first_name: String,
    pub number: u32,
    entitled_halves: u32,
    used_halves: u32,
    planned_halves: u32,
}

/// E-mail, first name, entitled, used and planned vacation in half days.
const STAFF: [(&str, &str, u32, u32, u32); 4] = [
    ("hanna@acme.example", "Hanna", 56, 23, 6),
    ("diego@acme.example", "Diego", 56, 55, 0),
    ("yuki@acme.example", "Yuki", 50, 12, 20),
    ("clara@acme.example", "Clara", 60, 60, 0),
];

pub(super) const MANAGER: &str = "Ingrid Holm";

/// The employee of that address. Whoever signs in to try the demo works here too, so that every visitor has a
/// balance to ask about; only an empty address belongs to nobody.
pub(super) fn employee(email: &str) -> Option<Employee> {
    let email = email.trim().to_lowercase();
    let (local, _) = email.split_once('@')?;
    if let Some((_, name, entitled, used, planned)) = STAFF.iter().find(|row| row.0 == email) {
        return Some(Employee {
            first_name: (*name).to_owned(),
            number: 1_001,
            entitled_halves: *entitled,
            used_halves: *used,
            planned_halves: *planned,
            email,
        });
    }
    let seed = email.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let half_days = |salt: u64, bound| u32::try_from(draw_below(seed ^ salt, bound)).unwrap_or(0);
    Some(Employee {
        first_name: capitalised(local.split(['.', '_', '-', '+']).next().unwrap_or(local)),
        number: 1_100 + half_days(1, 800),
        entitled_halves: 56,
        used_halves: 10 + half_days(2, 14),
        planned_halves: 2 * half_days(3, 4),
        email,
    })
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Employee {
    /// Vacation days not yet used, planned or requested.
    pub(super) fn remaining_days(&self, data: &BackOffice) -> f64 {
        f64::from(self.entitled_halves.saturating_sub(self.used_halves + self.planned_halves(data))) / 2.0
    }

    /// What was planned before, and what was requested since.
    fn planned_halves(&self, data: &BackOffice) -> u32 {
        let written = data.written();
        let requested = written.leave.iter().filter(|request| request.email == self.email).count();
        self.planned_halves + 2 * u32::try_from(requested).unwrap_or(u32::MAX / 4)
    }
}

/// A day count as people write it: 13.5, but 13 and not 13.0.
pub(super) fn days(count: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "day counts are small")]
    if count.fract() == 0.0 { json!(count as i64) } else { json!(count) }
}

async fn balances(State(data): State<BackOffice>, params: Params) -> Json<Value> {
    let Some(employee) = params.get("email").and_then(employee) else {
        return Json(json!({"employee": null, "balances": []}));
    };
    let half = |halves: u32| days(f64::from(halves) / 2.0);
    let expires_on = format!("{}-03-31", day(data.now()).year() + 1);
    let balances = json!([
        {
            "type": "vacation", "label": "Vacation", "entitled_days": half(employee.entitled_halves), "used_days": half(employee.used_halves),
            "planned_days": half(employee.planned_halves(&data)), "remaining_days": days(employee.remaining_days(&data)), "expires_on": expires_on,
        },
        {"type": "learning", "label": "Learning leave", "entitled_days": 5, "used_days": 1, "planned_days": 0, "remaining_days": 4, "expires_on": null},
    ]);
    Json(json!({"employee": shape(&employee), "balances": balances, "as_of": day(data.now()).to_string()}))
}

fn shape(employee: &Employee) -> Value {
    json!({"number": employee.number, "email": employee.email, "first_name": employee.first_name, "manager": MANAGER})
}

async fn employees(params: Params) -> Json<Value> {
    let found = params.get("email").and_then(employee);
    Json(json!({"employees": found.iter().map(shape).collect::<Vec<_>>()}))
}
