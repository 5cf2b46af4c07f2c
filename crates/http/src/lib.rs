//! The HTTP doors: REST, server-sent events, OpenAPI and the built-in web app.
//!
//! This crate translates: a request into one engine verb, its outcome into a reply. It must not decide anything, call
//! planners or runners, or know how things are stored.

mod assets;
mod auth;
mod csv;
mod error;
mod extract;
mod openapi;
mod rate;
mod routes;
mod sse;
mod state;
mod wire;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue},
    serve::ListenerExt as _,
};
use std::{net::SocketAddr, time::Duration};

use tokio::net::TcpListener;
use tower::{Layer as _, ServiceBuilder};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    normalize_path::{NormalizePath, NormalizePathLayer},
    set_header::SetResponseHeaderLayer,
};

use error::ApiError;
pub use openapi::document as openapi_document;
pub use routes::oidc::CALLBACK_PATH;
pub use state::{GalleryEntry, HttpSettings, HttpState};

/// The largest request body that is read.
pub const REQUEST_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Everything the server answers, ready to be served. Trailing slashes are accepted everywhere.
pub fn service(state: HttpState) -> NormalizePath<Router> {
    let (api, document) = openapi::split();
    let router = api
        .merge(openapi::pages(&document))
        .method_not_allowed_fallback(|| async { ApiError::wrong_method() })
        .fallback_service(web_app())
        .with_state(state)
        .layer(
            ServiceBuilder::new()
                .layer(CatchPanicLayer::custom(error::after_panic))
                .layer(header("x-content-type-options", "nosniff"))
                .layer(header("referrer-policy", "same-origin"))
                .layer(header("x-frame-options", "DENY"))
                // Kept by whoever reads a body, so that the refusal is worded like every other.
                .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX)),
        );
    NormalizePathLayer::trim_trailing_slash().layer(router)
}

/// The web app's files are compressed on the way out; the API's small answers are not worth it.
fn web_app() -> Router {
    Router::new().fallback(assets::serve).layer(CompressionLayer::new())
}

/// How long requests under way may go on once the server was told to stop; a client that does not read its stream must
/// not keep the process from stopping.
const STOPPING_WAIT_MAX: Duration = Duration::from_secs(30);

/// Serves on `listener` until `stop` resolves, then finishes the requests under way, within limits.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: HttpState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // Answers are small and whole; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
    });
    let make = axum::ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(service(state));
    let (told, mut was_told) = tokio::sync::watch::channel(false);
    let stop = async move {
        stop.await;
        let _ = told.send(true);
    };
    let deadline = async {
        // An error means that the sender is gone with the server itself.
        let _ = was_told.wait_for(|told| *told).await;
        tokio::time::sleep(STOPPING_WAIT_MAX).await;
    };
    tokio::select! {
        served = axum::serve(listener, make).with_graceful_shutdown(stop) => served,
        () = deadline => Ok(()),
    }
}

fn header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}
