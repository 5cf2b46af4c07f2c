//! The demo as a whole: each shipped action's request or script against the back office over HTTP, the answer worded from
//! what came back, refused keys, pages, and what was written read back.

mod script;

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use errand_domain::{
    ActionBody, ActionSpec, ApiCall, ArgValue, Arguments, BodyFormat, PythonScript, UnixMillis,
    caller::BUILT_IN_NAMES, limits::Limits, parameter, placeholder::Template,
};
use errand_templates::{BackOffice, demo_actions, demo_guru_settings, demo_secrets, router};
use serde_json::{Value, json};
use tower::ServiceExt;

/// Monday, 23 November 2026, 10:00 UTC.
const NOW: UnixMillis = UnixMillis(1_795_428_000_000);
/// Steps that the engine lets a template take.
const FUEL: u64 = 200_000;
const ASKER: &str = "hanna@acme.example";

struct Demo {
    service: Router,
    /// Where the same company answers scripts, which need a real connection.
    address: SocketAddr,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Demo {
    fn new() -> Self {
        let service = router(BackOffice::seeded(NOW));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener that doesn't block");
        let address = listener.local_addr().expect("an address");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime");
        let served = service.clone();
        tokio::spawn(async move { axum::serve(listener, served).await });
        Self { service, address }
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let Ok(response) = self.service.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 22).await.expect("the body arrives");
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// A GET with the key that the service of that prefix takes.
    async fn get(&self, path: &str) -> Reply {
        let request = Request::get(path).header("host", "127.0.0.1:9");
        let (name, value) = credentials(path.split('/').nth(1).unwrap_or_default());
        self.send(request.header(name, value).body(Body::empty()).expect("a request")).await
    }

    /// Runs an action as the asker, as the engine would.
    async fn run(&self, name: &str, arguments: &[(&str, Value)]) -> (Reply, String) {
        let spec = action(name, &format!("http://{}", self.address));
        let given: Arguments = arguments
            .iter()
            .map(|(name, value)| {
                (name.parse().expect("a name"), ArgValue::from_json(value).expect("a value"))
            })
            .collect();
        let (arguments, missing) = parameter::complete(&spec.parameters, &given).expect("arguments that fit");
        assert_eq!(missing, [], "{name}");
        let reply = match &spec.body {
            ActionBody::ApiCall(call) => self.send(request(call, &arguments)).await,
            ActionBody::Python(python) => match printed(python, &arguments).await {
                Ok(body) => Reply { status: StatusCode::OK, headers: HeaderMap::new(), body },
                // A script that gives up tells why as its last words; nothing is worded from it.
                Err(said) => {
                    let body = Value::String(said.clone());
                    return (
                        Reply { status: StatusCode::BAD_GATEWAY, headers: HeaderMap::new(), body },
                        said,
                    );
                }
            },
            ActionBody::Agent(_) => panic!("{name} is an agent"),
        };
        let answer = worded(&spec, &arguments, &reply);
        (reply, answer)
    }

    /// The answer to an action's run holds every one of `expect`.
    async fn check(&self, name: &str, arguments: &[(&str, Value)], expect: &[&str]) {
        let (reply, answer) = self.run(name, arguments).await;
        for part in expect {
            assert!(
                answer.contains(part),
                "{name} {arguments:?}: no `{part}` in\n{answer}\nfrom {}",
                reply.status
            );
        }
        let entries = answer.lines().filter(|line| line.starts_with("- ")).count();
        assert_eq!(
            answer.matches("- **").count().min(entries),
            answer.matches("- **").count(),
            "entries run together in\n{answer}"
        );
        assert!(!answer.contains("\n\n\n") && !answer.contains("  "), "gaps in\n{answer}");
    }
}

fn action(name: &str, base_url: &str) -> ActionSpec {
    let files = demo_actions(base_url);
    let file = files.into_iter().find(|file| file.name == name).expect("a demo action");
    file.check(&Limits::default()).expect("a valid action")
}

/// What a script prints with these arguments, or why it gave up.
async fn printed(python: &PythonScript, arguments: &Arguments) -> Result<Value, String> {
    let secrets = secrets();
    let mut environment: Vec<(String, String)> =
        arguments.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    environment
        .extend(python.secrets.iter().map(|name| (name.to_string(), secrets[name.as_str()].to_owned())));
    environment
        .extend(BUILT_IN_NAMES.map(|name| (name.to_owned(), built_in(name).unwrap_or_default().to_owned())));
    let ran = script::run(&python.code, &environment).await;
    if !ran.succeeded {
        return Err(ran.stderr);
    }
    assert_eq!(ran.stderr, "", "a script that succeeds has nothing to complain of");
    Ok(serde_json::from_str(&ran.stdout).expect("JSON"))
}

fn built_in(name: &str) -> Option<&'static str> {
    match name {
        "GURUBASE_USER_EMAIL" => Some(ASKER),
        "GURUBASE_USER_NAME" => Some("Hanna"),
        "GURUBASE_GURU_SLUG" => Some("demo"),
        _ => None,
    }
}

fn secrets() -> BTreeMap<String, &'static str> {
    demo_secrets().into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

/// Header and value that open the service of a prefix.
fn credentials(prefix: &str) -> (&'static str, String) {
    let secrets = secrets();
    let bearer = |name: &str| ("authorization", format!("Bearer {}", secrets[name]));
    let basic = |user: &str, password: &str| {
        ("authorization", format!("Basic {}", STANDARD.encode(format!("{user}:{}", secrets[password]))))
    };
    match prefix {
        "stripe" => bearer("STRIPE_API_KEY"),
        "statuspage" => ("authorization", format!("OAuth {}", secrets["STATUSPAGE_API_KEY"])),
        "jira" => basic(secrets["JIRA_EMAIL"], "JIRA_API_TOKEN"),
        "zendesk" => basic(&format!("{}/token", secrets["ZENDESK_EMAIL"]), "ZENDESK_API_TOKEN"),
        "shippo" => ("authorization", format!("ShippoToken {}", secrets["SHIPPO_API_KEY"])),
        "productdb" => ("x-api-key", secrets["PRODUCT_DB_API_KEY"].to_owned()),
        "inventory" => ("x-api-key", secrets["INVENTORY_API_KEY"].to_owned()),
        "analytics" => bearer("ANALYTICS_API_KEY"),
        "hr" => bearer("HR_API_KEY"),
        "sap" => bearer("SAP_API_TOKEN"),
        "slack" => bearer("SLACK_BOT_TOKEN"),
        other => panic!("no service {other}"),
    }
}

/// The text with its placeholders filled from arguments, secrets and the asker, each value through `encode`.
fn filled(text: &str, arguments: &Arguments, encode: fn(&str) -> String) -> String {
    let secrets = secrets();
    let value = |name: &str| -> Result<String, String> {
        let text = arguments.get(name).map(ToString::to_string);
        let secret = secrets.get(name).copied().or(built_in(name));
        let is_parameter = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let text = text.or(secret.map(str::to_owned)).or(is_parameter.then(String::new));
        text.map(|text| encode(&text)).ok_or_else(|| format!("nothing for {name}"))
    };
    Template::parse(text).render(value).expect("every placeholder has a value")
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn json_escaped(text: &str) -> String {
    json!(text).to_string().trim_matches('"').to_owned()
}

fn request(call: &ApiCall, arguments: &Arguments) -> Request<Body> {
    let url = filled(&call.url, arguments, percent_encoded);
    let mut request = Request::builder().method(call.method.as_str()).uri(&url).header("host", "127.0.0.1:9");
    for header in &call.headers {
        request = request.header(&header.name, filled(&header.value, arguments, str::to_owned));
    }
    if let Some(auth) = &call.basic_auth {
        let pair =
            [&auth.username, &auth.password].map(|text| filled(text, arguments, str::to_owned)).join(":");
        request = request.header("authorization", format!("Basic {}", STANDARD.encode(pair)));
    }
    let typed = call.headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type"));
    if call.body.is_some() && !typed && call.body_format == BodyFormat::Json {
        request = request.header("content-type", "application/json");
    }
    let body = call.body.as_deref().map(|body| filled(body, arguments, json_escaped));
    request.body(body.map_or_else(Body::empty, Body::from)).expect("a request")
}

/// The answer's wording, with the filters that the engine gives templates.
fn worded(spec: &ActionSpec, arguments: &Arguments, reply: &Reply) -> String {
    let mut environment = minijinja::Environment::new();
    let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("a valid syntax"));
    environment.set_fuel(Some(FUEL));
    environment.add_filter("money", |minor: f64, currency: String| {
        format!("{:.2} {}", minor / 100.0, currency.to_uppercase())
    });
    environment.add_filter("date", |time: minijinja::Value| date(&time));
    let arguments: serde_json::Map<_, _> =
        arguments.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect();
    let template = spec.answer.as_deref().expect("an answer template");
    let context = json!({"result": reply.body, "arguments": arguments, "status": reply.status.as_u16()});
    let rendered = environment.render_str(template, minijinja::value::Serde(context));
    rendered.unwrap_or_else(|error| panic!("{}: {error:#}\n{:#}", spec.name, reply.body))
}

fn date(time: &minijinja::Value) -> String {
    let day = if let Some(text) = time.as_str() {
        text[..10].parse::<jiff::civil::Date>().expect("an ISO time")
    } else {
        let seconds = i64::try_from(time.clone()).expect("Unix seconds");
        jiff::Timestamp::from_second(seconds).expect("a time").to_zoned(jiff::tz::TimeZone::UTC).date()
    };
    day.strftime("%-d %b %Y").to_string()
}

#[tokio::test]
async fn refunds_are_told_in_every_state() {
    let demo = Demo::new();
    let order = |number: &str| [("order_id", json!(number))];
    demo.check(
        "refund_lookup",
        &order("12345"),
        &["49.90 USD", "**pending**", "20 Nov 2026", "27 Nov 2026", "4 Dec 2026", "ending 4242"],
    )
    .await;
    demo.check("refund_lookup", &order("12351"), &["**sent**", "17 Nov 2026", "1 Dec 2026", "reference"])
        .await;
    demo.check("refund_lookup", &order("12362"), &["**failed**", "expired or canceled card"]).await;
    demo.check("refund_lookup", &order("12368"), &["waits for the customer"]).await;
    demo.check("refund_lookup", &order("12388"), &["39.00 USD", "**sent**"]).await;
    demo.check("refund_lookup", &order("12355"), &["was paid: **118.00 USD**", "**No refund**"]).await;
    demo.check("refund_lookup", &order("12390"), &["**failed**", "insufficient funds"]).await;
    demo.check("refund_lookup", &order("99999"), &["no charge for order **99999**"]).await;
    demo.check("refund_lookup", &order("' OR status:'succeeded"), &["no charge for order"]).await;
    let foreign = [("order_id", json!("12345")), ("customer_email", json!("bo@globex.test"))];
    demo.check("refund_lookup", &foreign, &["not paid under bo@globex.test"]).await;
}

#[tokio::test]
async fn double_charges_are_found_and_others_are_not_accused() {
    let demo = Demo::new();
    let email = |email: &str| [("customer_email", json!(email))];
    demo.check(
        "double_charge",
        &email("ana@acme.test"),
        &["**Yes, charged twice**: 49.90 USD", "order 12402", "4 minutes later", "refund charge"],
    )
    .await;
    demo.check(
        "double_charge",
        &email("marco@hooli.test"),
        &["for different orders", "129.00 USD", "12386", "12387", "90 minutes later"],
    )
    .await;
    demo.check("double_charge", &email("joe@initech.test"), &["24.50 USD", "already refunded in full"]).await;
    demo.check(
        "double_charge",
        &email("dora@umbrella.test"),
        &["**No double charge found**", "latest charges"],
    )
    .await;
    demo.check("double_charge", &email("nobody@nowhere.test"), &["no successful charge"]).await;
    let amount = [("customer_email", json!("ana@acme.test")), ("amount", json!(49.9))];
    demo.check("double_charge", &amount, &["**Yes, charged twice**"]).await;
    let other = [("customer_email", json!("ana@acme.test")), ("amount", json!(10))];
    demo.check("double_charge", &other, &["**No double charge found**", "over 10.00 USD"]).await;
}

#[tokio::test]
async fn the_outage_is_told_and_only_explains_what_it_covers() {
    let demo = Demo::new();
    demo.check(
        "outage_status",
        &[],
        &[
            "**Yes, there is an open incident",
            "Elevated errors in checkout",
            "Checkout (partial outage)",
            "UTC",
        ],
    )
    .await;
    demo.check(
        "outage_status",
        &[("error_code", json!("503")), ("feature", json!("checkout"))],
        &["This explains what you see with checkout (503)"],
    )
    .await;
    demo.check("outage_status", &[("feature", json!("search"))], &["does not mention search"]).await;
}

#[tokio::test]
async fn plans_and_entitlements() {
    let demo = Demo::new();
    let bo = ("customer_email", json!("bo@globex.test"));
    demo.check(
        "entitlements_lookup",
        std::slice::from_ref(&bo),
        &["(Globex)", "**Team** plan", "18 of 25 seats", "API access: **included**"],
    )
    .await;
    demo.check(
        "entitlements_lookup",
        &[bo, ("feature", json!("single sign-on"))],
        &["SSO: **not included**", "Business, Enterprise", "upgrade to Business"],
    )
    .await;
    demo.check(
        "entitlements_lookup",
        &[("customer_email", json!("Ana@acme.test")), ("feature", json!("the audit log"))],
        &["Audit log: **included**"],
    )
    .await;
    demo.check(
        "entitlements_lookup",
        &[("customer_email", json!("ana@acme.test")), ("feature", json!("teleport"))],
        &["no feature called teleport"],
    )
    .await;
    demo.check("entitlements_lookup", &[("customer_email", json!("x@y.test"))], &["no customer"]).await;
}

#[tokio::test]
async fn a_bug_is_created_and_read_back() {
    let demo = Demo::new();
    let arguments = [
        ("summary", json!("PDF \"export\" is empty")),
        ("steps", json!("open\nexport")),
        ("priority", json!("high")),
    ];
    demo.check(
        "create_jira_bug",
        &arguments,
        &["Created **SHOP-412**", "priority High", "http://127.0.0.1:", "/jira/browse/SHOP-412."],
    )
    .await;
    let issue = demo.get("/jira/rest/api/3/issue/SHOP-412").await;
    assert_eq!(issue.body["fields"]["summary"], "PDF \"export\" is empty");
    assert_eq!(issue.body["fields"]["priority"]["name"], "High");
    let description = &issue.body["fields"]["description"]["content"];
    let steps: Vec<_> =
        (0..2).map(|step| &description[1]["content"][step]["content"][0]["content"][0]["text"]).collect();
    assert_eq!(steps, ["open", "export"]);
    assert!(description.to_string().contains("by Hanna hanna@acme.example"), "{description}");
    let found =
        demo.get("/jira/rest/api/3/search/jql?jql=project%20=%20SHOP%20AND%20text%20~%20%22pdf%22").await;
    assert_eq!(found.body["issues"][0]["key"], "SHOP-412");
    let empty = demo.run("create_jira_bug", &[("summary", json!(" "))]).await;
    assert_eq!(empty.0.status, StatusCode::BAD_GATEWAY);
    assert_eq!(empty.1, "Jira refused: summary: You must specify a summary of the issue.\n");
    let again = [("summary", json!("Wrong VAT on an invoice")), ("customer_email", json!("bo@globex.test"))];
    demo.check(
        "create_jira_bug",
        &again,
        &["Created **SHOP-413**", "customer bo@globex.test", "the same as SHOP-409", "add the steps"],
    )
    .await;
    let page = demo.get("/jira/browse/SHOP-412").await;
    assert!(
        page.body.as_str().is_some_and(|page| page.contains("PDF &quot;export&quot;")),
        "{:?}",
        page.body
    );
}

#[tokio::test]
async fn tickets_near_their_sla() {
    let demo = Demo::new();
    demo.check(
        "sla_breach",
        &[("hours_ahead", json!(3))],
        &[
            "within 3 hours",
            "#4412",
            "due in 20 minutes",
            "#4411",
            "assigned to nobody",
            "1 target was missed",
        ],
    )
    .await;
    demo.check(
        "sla_breach",
        &[("team", json!("billing team")), ("hours_ahead", json!(1))],
        &["**1 SLA target** will be missed within 1 hour in billing team", "#4411"],
    )
    .await;
    demo.check(
        "sla_breach",
        &[("team", json!("Returns")), ("hours_ahead", json!(1))],
        &["**No ticket** will miss its SLA"],
    )
    .await;
    let (_, answer) = demo.run("sla_breach", &[("hours_ahead", json!(3))]).await;
    let soonest = answer.find("#4412").zip(answer.find("#4413"));
    assert!(soonest.is_some_and(|(first, later)| first < later), "{answer}");
}

#[tokio::test]
async fn customers_of_an_incident() {
    let demo = Demo::new();
    demo.check(
        "incident_impact",
        &[("incident_type", json!("checkout outage"))],
        &["customers are affected", "Wayne Enterprises", "Draft, not sent", "error 503"],
    )
    .await;
    demo.check(
        "incident_impact",
        &[("incident_type", json!("checkout")), ("region", json!("EU"))],
        &["in EU", "eu-central"],
    )
    .await;
    demo.check(
        "incident_impact",
        &[("incident_type", json!("zombies"))],
        &["No customer shows signs of **zombies**", "webhook delays, data export"],
    )
    .await;
}

#[tokio::test]
async fn parcels_in_every_state() {
    let demo = Demo::new();
    let order = |number: &str| [("order_id", json!(number))];
    demo.check("order_status", &order("12360"), &["**on its way**", "25 Nov 2026", "tracking number"]).await;
    demo.check("order_status", &order("ORD-12377"), &["waits for the carrier"]).await;
    demo.check("order_status", &order("#12350"), &["**delivered**", "22 Nov 2026"]).await;
    demo.check("order_status", &order("12365"), &["**failed**"]).await;
    demo.check("order_status", &order("12368"), &["**sent back**"]).await;
    demo.check("order_status", &order("12391"), &["**not shipped yet**"]).await;
    demo.check("order_status", &order("12396"), &["**cancelled**"]).await;
    demo.check("order_status", &order("12390"), &["waits for its payment"]).await;
    demo.check("order_status", &order("77"), &["no order **77**"]).await;
}

#[tokio::test]
async fn billing_of_an_account() {
    let demo = Demo::new();
    let email = |email: &str| [("customer_email", json!(email))];
    demo.check(
        "account_self_service",
        &email("bo@globex.test"),
        &[
            "Bo Lindqvist",
            "**Team**, 450.00 USD a month, active",
            "renews on",
            "GLO-0007",
            "paid",
            "mastercard ending 4444",
        ],
    )
    .await;
    demo.check(
        "account_self_service",
        &email("lena@initech.test"),
        &["past due", "**open**, 180.00 USD due"],
    )
    .await;
    demo.check("account_self_service", &email("joe@initech.test"), &["**ends** on"]).await;
    demo.check("account_self_service", &email("kim@cyberdyne.test"), &["No subscription", "No card on file"])
        .await;
    demo.check("account_self_service", &email("dora@umbrella.test"), &["Credit: 25.00 USD"]).await;
    demo.check("account_self_service", &email("x@y.test"), &["no billing account"]).await;
}

#[tokio::test]
async fn stock_of_products() {
    let demo = Demo::new();
    let ask = |name: &str, variant: &str| [("product_name", json!(name)), ("variant", json!(variant))];
    demo.check(
        "product_availability",
        &ask("Aurora desk lamp", "black"),
        &[
            "**Yes:** Aurora desk lamp in Black",
            "14 left (Berlin 9, Austin 5)",
            "89.00 USD",
            "Also in stock: White (31)",
        ],
    )
    .await;
    demo.check(
        "product_availability",
        &ask("aurora desk lmap", "brass"),
        &["**No:**", "**sold out**", "29 Nov 2026"],
    )
    .await;
    demo.check(
        "product_availability",
        &ask("Nimbus office chair", "pink"),
        &["does not come in **pink**", "Grey (3), Green (7)"],
    )
    .await;
    demo.check(
        "product_availability",
        &[("product_name", json!("Terra backpack"))],
        &["**sold out**", "2 Dec 2026", "no restock is planned"],
    )
    .await;
    demo.check(
        "product_availability",
        &[("product_name", json!("coffee machine"))],
        &["no product called **coffee machine**"],
    )
    .await;
}

#[tokio::test]
async fn a_day_off_is_requested_and_told() {
    let demo = Demo::new();
    demo.check(
        "pto_balance",
        &[],
        &[
            "Hanna, you have **13.5 vacation days left** of 28",
            "11.5 used, 3 planned",
            "31 Mar 2027, in 18 weeks",
        ],
    )
    .await;
    let friday = [("date", json!("Friday"))];
    demo.check(
        "submit_pto_request",
        &friday,
        &["**LR-2026-0101**", "**27 Nov 2026**", "waits for approval", "leaves you 12.5"],
    )
    .await;
    demo.check("notify_manager", &friday, &["Your manager was told"]).await;
    demo.check("submit_pto_request", &friday, &["**not** filed", "already requested as LR-2026-0101"]).await;
    demo.check("submit_pto_request", &[("date", json!("Saturday"))], &["weekend"]).await;
    demo.check("submit_pto_request", &[("date", json!("soon"))], &["not a date"]).await;
    demo.check("pto_balance", &[], &["**12.5 vacation days left**", "4 planned"]).await;
    let request = demo.get("/sap/odata/v4/leave/LeaveRequests('LR-2026-0101')").await;
    assert_eq!(request.body["employeeEmail"], ASKER);
    let posted = demo.get("/slack/api/conversations.history?channel=%23time-off").await;
    assert!(
        posted.body["messages"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains("Hanna") && text.contains("Friday"))
    );
    let nobody = demo.get("/hr/v1/time-off/balances?email=").await;
    assert_eq!(nobody.body, json!({"employee": null, "balances": []}));
}

#[tokio::test]
async fn wrong_and_missing_keys_are_refused_as_the_services_do() {
    let demo = Demo::new();
    let doors = [
        ("/stripe/v1/charges", 401, "/error/type", json!("invalid_request_error")),
        ("/statuspage/v1/pages/acmedemopage/components", 401, "/error", json!("Could not authenticate")),
        ("/jira/rest/api/3/myself", 401, "/status-code", json!(401)),
        ("/zendesk/api/v2/tickets.json", 401, "/error", json!("Couldn't authenticate you")),
        ("/shippo/orders/", 401, "/detail", json!("Invalid token")),
        ("/productdb/v1/plans", 401, "/error/code", json!("unauthorized")),
        ("/inventory/v1/products?q=lamp", 401, "/error/code", json!("unauthorized")),
        ("/analytics/v1/incident-types", 401, "/error/code", json!("unauthorized")),
        ("/hr/v1/employees", 401, "/error/code", json!("unauthorized")),
        ("/sap/odata/v4/leave/LeaveRequests", 401, "/error/code", json!("401")),
        ("/slack/api/auth.test", 200, "/error", json!("invalid_auth")),
    ];
    for (path, status, pointer, expect) in doors {
        let prefix = path.split('/').nth(1).unwrap_or_default();
        let (header, value) = credentials(prefix);
        let wrong =
            Request::get(path).header(header, format!("{value}x")).body(Body::empty()).expect("a request");
        let reply = demo.send(wrong).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert_eq!(reply.body.pointer(pointer), Some(&expect), "{path}: {}", reply.body);
        assert!(!reply.body.to_string().contains(&value), "{path} repeats the key");
        let missing = demo.send(Request::get(path).body(Body::empty()).expect("a request")).await;
        assert_eq!(missing.status.as_u16(), status, "{path}");
        let right = demo.get(path).await;
        assert_eq!(right.status, StatusCode::OK, "{path}: {}", right.body);
        let named = ["request-id", "x-request-id", "atl-traceid", "x-zendesk-request-id", "x-slack-req-id"];
        assert!(named.iter().any(|name| right.headers.contains_key(*name)), "{path} names no request");
    }
}

#[tokio::test]
async fn long_lists_come_in_pages_that_join_without_a_gap() {
    let demo = Demo::new();
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let page = demo.get(&format!("/stripe/v1/charges?limit=25{after}")).await.body;
        let data = page["data"].as_array().expect("a list").clone();
        ids.extend(data.iter().map(|charge| charge["id"].to_string()));
        if page["has_more"] == false {
            break;
        }
        after = format!("&starting_after={}", data[24]["id"].as_str().expect("an id"));
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert!(count >= 64 && ids.len() == count, "{count} charges, {} different", ids.len());

    let query = "query=status:'succeeded'&limit=50";
    let first = demo.get(&format!("/stripe/v1/charges/search?{query}")).await.body;
    let next = first["next_page"].as_str().expect("a next page");
    let second = demo.get(&format!("/stripe/v1/charges/search?{query}&page={next}")).await.body;
    assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);

    let orders = demo.get("/shippo/orders/?results=40&page=2").await.body;
    assert_eq!((orders["count"].as_u64(), orders["results"].as_array().map(Vec::len)), (Some(64), Some(24)));
    let tickets = demo.get("/zendesk/api/v2/tickets.json?per_page=10&page=2&include=slas").await.body;
    assert_eq!(tickets["tickets"].as_array().map(Vec::len), Some(7));
}

#[tokio::test]
async fn what_chained_lookups_need_is_there() {
    let demo = Demo::new();
    let found = demo.get("/stripe/v1/customers/search?query=email:'ana@acme.test'").await.body;
    let customer = found["data"][0]["id"].as_str().expect("a customer").to_owned();
    for path in ["charges", "subscriptions", "invoices"] {
        let list = demo.get(&format!("/stripe/v1/{path}?customer={customer}")).await.body;
        let data = list["data"].as_array().expect("a list");
        assert!(
            !data.is_empty() && data.iter().all(|object| object["customer"] == customer.as_str()),
            "{path}: {list}"
        );
    }
    let charge = demo.get("/stripe/v1/charges/search?query=metadata['order_id']:'12345'").await.body;
    assert!(charge["data"][0].get("refunds").is_none(), "refunds come only when expanded");
    let id = charge["data"][0]["id"].as_str().expect("a charge");
    let refunds = demo.get(&format!("/stripe/v1/refunds?charge={id}")).await.body;
    assert_eq!(refunds["data"][0]["status"], "pending");
    let unknown = demo.get("/stripe/v1/charges?order=1").await;
    assert_eq!(
        (unknown.status, &unknown.body["error"]["message"]),
        (StatusCode::BAD_REQUEST, &json!("Received unknown parameter: order"))
    );
    let missing = demo.get("/stripe/v1/charges/ch_none").await;
    assert_eq!(
        (missing.status, &missing.body["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!("resource_missing"))
    );
    let scheduled = demo.get("/statuspage/v1/pages/acmedemopage/incidents/scheduled").await.body;
    assert_eq!(scheduled[0]["impact"], "maintenance");
    let orders = demo.get("/shippo/orders/?q=12360").await.body;
    let number =
        orders["results"][0]["transactions"][0]["tracking_number"].as_str().expect("a parcel").to_owned();
    let carriers = ["dhl_express", "ups", "fedex", "usps"];
    let mut tracked = 0;
    for carrier in carriers {
        tracked += usize::from(
            demo.get(&format!("/shippo/tracks/{carrier}/{number}")).await.status == StatusCode::OK,
        );
    }
    assert_eq!(tracked, 1);
}

#[test]
fn the_demo_guru_fits_its_actions_and_has_every_secret() {
    let settings = demo_guru_settings();
    settings.check().expect("valid settings");
    let actions = demo_actions("http://127.0.0.1:9/");
    assert!(actions.len() <= settings.action_limit.unwrap_or(0) as usize);
    let secrets = secrets();
    for file in &actions {
        let spec = file.check(&Limits::default()).expect("a valid action");
        for name in spec.secrets() {
            assert!(secrets.contains_key(name.as_str()), "{} needs {name}", file.name);
        }
        assert_eq!(spec.allowed_hosts, ["127.0.0.1"], "{}", file.name);
    }
    assert_eq!(errand_templates::demo_slug().as_str(), "demo");
}
