//! The web app's client is generated from a checked-in copy of the OpenAPI document; this keeps the copy true.
//! `make gen` writes it anew (it sets `UPDATE_OPENAPI`).

use std::path::Path;

#[test]
fn the_checked_in_document_is_what_the_server_serves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/api/openapi.json");
    let served = errand_http::openapi_document() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &served).expect("the web app's folder is there");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == served,
        "{} is out of date; run `make gen` and commit what changed",
        path.display()
    );
}

#[test]
fn every_operation_is_documented() {
    let document: serde_json::Value =
        serde_json::from_str(&errand_http::openapi_document()).expect("valid JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let described = operation["summary"].is_string() || operation["description"].is_string();
            assert!(described, "{method} {path} has no summary");
            assert!(operation["responses"].as_object().is_some_and(|all| !all.is_empty()), "{method} {path}");
        }
    }
}
