//! The SAP gateway's leave service (`OData` v4): file a request, read requests back.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use errand_domain::UnixMillis;
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use serde_json::{Value, json};

use super::{
    BackOffice,
    clock::{day, iso_seconds},
    hr,
    keys::{self, Door, Presented, reply},
    params::Params,
};

/// One request for a day off.
#[derive(Debug, Clone)]
pub(super) struct LeaveRequest {
    pub number: u32,
    pub email: String,
    pub kind: String,
    pub date: Date,
    pub comment: String,
    pub created: UnixMillis,
    pub remaining_days: f64,
}

const FIRST_NUMBER: u32 = 101;
const KINDS: [&str; 3] = ["VACATION", "UNPAID", "LEARNING"];

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/odata/v4/leave/LeaveRequests", get(list_requests).post(create_request))
        .route("/odata/v4/leave/{entity}", get(show_request))
        .fallback(async || error(StatusCode::NOT_FOUND, "404", "Resource not found."));
    keys::guarded(routes, Door::bearer(keys::SAP_API_TOKEN, refuse), data)
}

fn refuse(_: Presented) -> Response {
    let mut response = error(StatusCode::UNAUTHORIZED, "401", "Unauthorized");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    reply(status, json!({"error": {"code": code, "message": message}}))
}

fn shape(request: &LeaveRequest) -> Value {
    json!({
        "requestId": id(request), "employeeEmail": request.email, "leaveType": request.kind,
        "startDate": request.date.to_string(), "endDate": request.date.to_string(), "workingDays": 1,
        "status": "PENDING_APPROVAL", "approverName": hr::MANAGER, "comment": request.comment,
        "createdAt": iso_seconds(request.created), "remainingDays": hr::days(request.remaining_days),
    })
}

fn id(request: &LeaveRequest) -> String {
    format!("LR-{}-{:04}", request.date.year(), request.number)
}

async fn create_request(State(data): State<BackOffice>, Json(body): Json<Value>) -> Response {
    match file_request(&data, &body) {
        Ok(request) => {
            let mut created = shape(&request);
            created["@odata.context"] = json!("$metadata#LeaveRequests/$entity");
            let mut response = reply(StatusCode::CREATED, created);
            let location = format!("LeaveRequests('{}')", id(&request));
            response
                .headers_mut()
                .extend(HeaderValue::from_str(&location).map(|value| (header::LOCATION, value)));
            response
        }
        Err((code, message)) => error(StatusCode::BAD_REQUEST, code, &message),
    }
}

/// Checks a request as the leave service does and keeps it; the error is its code and message.
fn file_request(data: &BackOffice, body: &Value) -> Result<LeaveRequest, (&'static str, String)> {
    let text = |field: &str| body[field].as_str().unwrap_or_default().trim().to_owned();
    let employee = hr::employee(&text("employeeEmail"))
        .ok_or(("LEAVE/001", "employeeEmail names no employee; sign in to request leave.".to_owned()))?;
    let kind = text("leaveType");
    if !KINDS.contains(&kind.as_str()) {
        return Err(("LEAVE/002", format!("leaveType must be one of {}.", KINDS.join(", "))));
    }
    let today = day(data.now());
    let unreadable = |field: &str| {
        (
            "LEAVE/003",
            format!(
                "{field} `{}` is not a date that can be understood; give one such as {today}.",
                text(field)
            ),
        )
    };
    let day_off = read_date(&text("startDate"), today).ok_or_else(|| unreadable("startDate"))?;
    if read_date(&text("endDate"), today).ok_or_else(|| unreadable("endDate"))? != day_off {
        return Err((
            "LEAVE/004",
            "Only single days can be requested here; startDate and endDate must be the same.".to_owned(),
        ));
    }
    if day_off < today {
        return Err(("LEAVE/005", format!("{day_off} is in the past.")));
    }
    if matches!(day_off.weekday(), Weekday::Saturday | Weekday::Sunday) {
        return Err(("LEAVE/006", format!("{day_off} falls on a weekend, so no leave is needed.")));
    }
    let remaining = employee.remaining_days(data);
    if kind == "VACATION" && remaining < 1.0 {
        return Err(("LEAVE/007", format!("The balance of {remaining} days does not cover the request.")));
    }
    let mut written = data.written();
    if let Some(earlier) =
        written.leave.iter().find(|request| request.email == employee.email && request.date == day_off)
    {
        return Err(("LEAVE/008", format!("{day_off} is already requested as {}.", id(earlier))));
    }
    let number = FIRST_NUMBER + u32::try_from(written.leave.len()).unwrap_or(u32::MAX - FIRST_NUMBER);
    let left = if kind == "VACATION" { remaining - 1.0 } else { remaining };
    let request = LeaveRequest {
        number,
        email: employee.email,
        kind,
        date: day_off,
        comment: text("comment"),
        created: data.now(),
        remaining_days: left,
    };
    written.leave.push(request.clone());
    Ok(request)
}

/// A calendar date, or the day that people mean by it as seen from `today`: this gateway also takes the words that
/// a chat brings. A weekday is the next one to come.
fn read_date(text: &str, today: Date) -> Option<Date> {
    let text = text.trim().to_lowercase();
    if let Ok(date) = text.get(..10).unwrap_or(&text).parse::<Date>() {
        return Some(date);
    }
    let mut words: Vec<_> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    words.retain(|word| !["on", "the", "of", "this", "coming"].contains(word));
    match words.as_slice() {
        ["today"] => Some(today),
        ["tomorrow"] => today.checked_add(1.day()).ok(),
        ["day", "after", "tomorrow"] => today.checked_add(2.days()).ok(),
        ["next", name] | [name] if weekday(name).is_some() => {
            // `next Friday` said on a Monday means that of the week after for some and the coming one for others;
            // the coming one is the earlier promise, and the answer shows the date.
            (1..=7)
                .filter_map(|ahead| today.checked_add(ahead.days()).ok())
                .find(|date| Some(date.weekday()) == weekday(name))
        }
        [first, second] => month_day(first, second, today, None),
        [first, second, year] => month_day(first, second, today, year.parse().ok()),
        _ => None,
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let short = name.len() >= 3;
    NAMES.iter().find(|(full, _)| short && full.starts_with(name)).map(|(_, weekday)| *weekday)
}

/// `27 november` or `november 27th`; without a year, the next one to come.
fn month_day(first: &str, second: &str, today: Date, year: Option<i16>) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let month = |word: &str| MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word));
    let number = |word: &str| {
        word.trim_end_matches(|letter: char| letter.is_alphabetic() || letter == '.').parse::<i8>().ok()
    };
    let (month, number) = month(second).zip(number(first)).or_else(|| month(first).zip(number(second)))?;
    let month = i8::try_from(month + 1).ok()?;
    let date = Date::new(year.unwrap_or(today.year()), month, number).ok()?;
    if year.is_none() && date < today { Date::new(today.year() + 1, month, number).ok() } else { Some(date) }
}

async fn list_requests(State(data): State<BackOffice>, headers: HeaderMap, params: Params) -> Response {
    let wanted = match params.get("$filter").map(read_filter) {
        Some(None) => {
            return error(StatusCode::BAD_REQUEST, "400", "Only `employeeEmail eq '…'` can be filtered by.");
        }
        Some(wanted) => wanted,
        None => None,
    };
    // The gateway speaks JSON alone.
    if headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/xml")) {
        return error(StatusCode::NOT_ACCEPTABLE, "406", "Only application/json is served.");
    }
    let written = data.written();
    let own =
        written.leave.iter().filter(|request| wanted.as_ref().is_none_or(|email| request.email == *email));
    let value: Vec<_> = own.map(shape).collect();
    reply(StatusCode::OK, json!({"@odata.context": "$metadata#LeaveRequests", "value": value}))
}

fn read_filter(filter: &str) -> Option<String> {
    let value = filter.trim().strip_prefix("employeeEmail eq '")?.strip_suffix('\'')?;
    Some(value.to_lowercase())
}

/// `LeaveRequests('LR-2026-0101')`.
async fn show_request(State(data): State<BackOffice>, Path(entity): Path<String>) -> Response {
    let wanted = entity.strip_prefix("LeaveRequests('").and_then(|rest| rest.strip_suffix("')"));
    let written = data.written();
    match written.leave.iter().find(|request| Some(id(request).as_str()) == wanted) {
        Some(request) => reply(StatusCode::OK, shape(request)),
        None => error(StatusCode::NOT_FOUND, "404", "There is no such leave request."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        // A Monday.
        let Ok(today) = "2026-11-23".parse::<Date>() else { panic!("a date") };
        assert_eq!(read_date(text, today).map(|date| date.to_string()).as_deref(), expect, "{text}");
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        check("2026-12-24", Some("2026-12-24"));
        check("2026-12-24T00:00:00Z", Some("2026-12-24"));
        check("Friday", Some("2026-11-27"));
        check("on fri", Some("2026-11-27"));
        check("monday", Some("2026-11-30"));
        check("next Monday", Some("2026-11-30"));
        check("tomorrow", Some("2026-11-24"));
        check("day after tomorrow", Some("2026-11-25"));
        check("the 27th of November", Some("2026-11-27"));
        check("December 3", Some("2026-12-03"));
        check("3 Dec", Some("2026-12-03"));
        check("7 January", Some("2027-01-07"));
        check("December 3, 2027", Some("2027-12-03"));
        check("31 February", None);
        check("soon", None);
        check("", None);
    }
}
