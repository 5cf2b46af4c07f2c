//! The web app, built into the binary. Unknown paths get its first page, since the app has addresses of its own;
//! unknown paths under `/api` get a plain refusal.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use errand_domain::Problem;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::ApiError;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Assets;

/// Everything comes from this server; the app's own inline scripts and styles are none.
const APP_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Built files have their content's hash in their names.
const HASHED_CACHE: &str = "public, max-age=31536000, immutable";
const FIRST_PAGE: &str = "index.html";

pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        let problem = Problem::new(
            "no_such_address",
            format!("There is nothing at `/{path}`."),
            "See /api/docs for the addresses there are.",
        );
        return ApiError::of(StatusCode::NOT_FOUND, &problem).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(file) = Assets::get(path) {
        return send(path, &file, &headers);
    }
    match Assets::get(FIRST_PAGE).filter(|_| !path.contains('.')) {
        Some(file) => send(FIRST_PAGE, &file, &headers),
        None if path.contains('.') => StatusCode::NOT_FOUND.into_response(),
        None => (
            StatusCode::NOT_FOUND,
            "The web app is not built into this binary; run `make web` and build again.",
        )
            .into_response(),
    }
}

fn send(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = entity_tag(file);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(file.data.to_vec()))
    };
    let cache = if path.starts_with("assets/") { HASHED_CACHE } else { "no-cache" };
    let sent = response.headers_mut();
    sent.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    sent.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(APP_POLICY));
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        sent.insert(header::CONTENT_TYPE, kind);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        sent.insert(header::ETAG, tag);
    }
    response
}

fn entity_tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let [a, b] = [&hash[..8], &hash[8..16]]
        .map(|half| half.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte)));
    format!("\"{a:016x}{b:016x}\"")
}
