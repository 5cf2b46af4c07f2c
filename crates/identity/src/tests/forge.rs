//! A provider that says whatever a test wants, truth and forgery.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData as _, SigningKey as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

/// What its doors answer.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub discovery: Value,
    pub keys: Vec<Value>,
    pub token: (u16, Value),
    pub user_info: Value,
    /// How often the keys were asked for.
    pub keys_asked: u32,
    /// Form and `Authorization` of the last request for a token.
    pub token_request: (String, String),
}

pub struct Forge {
    address: SocketAddr,
    pub script: Arc<Mutex<Script>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Shared = State<Arc<Mutex<Script>>>;

impl Forge {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async |State(s): Shared| Json(lock(&s).discovery.clone())),
            )
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(async |State(s): Shared| Json(lock(&s).user_info.clone())))
            .with_state(Arc::clone(&script));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        let forge = Self { address, script, server };
        lock(&forge.script).discovery = forge.discovery();
        forge
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    fn discovery(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer());
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "userinfo_endpoint": at("/me"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        })
    }

    pub fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        lock(&self.script)
    }

    /// What the token endpoint gives from now on.
    pub fn gives(&self, id_token: &str) {
        let tokens = json!({"access_token": "an-access-token", "token_type": "Bearer", "id_token": id_token});
        self.script().token = (200, tokens);
    }
}

fn lock(script: &Mutex<Script>) -> std::sync::MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn keys(State(script): Shared) -> Json<Value> {
    let mut script = lock(&script);
    script.keys_asked += 1;
    Json(json!({ "keys": script.keys }))
}

async fn token(State(script): Shared, headers: HeaderMap, form: String) -> Response {
    let mut script = lock(&script);
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    script.token_request = (form, authorization.unwrap_or_default().to_owned());
    let (status, body) = script.token.clone();
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

/// A key pair of a provider, or of somebody who would like to be one.
pub struct Signer {
    pair: KeyPair,
    pub id: &'static str,
}

impl Signer {
    pub fn new(id: &'static str) -> Self {
        Self { pair: KeyPair::generate_for(&PKCS_ED25519).expect("a key pair"), id }
    }

    pub fn public(&self) -> Value {
        let x = encoded(self.pair.der_bytes());
        json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": x})
    }

    pub fn sign(&self, text: &str) -> String {
        encoded(&self.pair.sign(text.as_bytes()).expect("a signature"))
    }
}

/// What somebody signs who knows only the client's secret, or thinks that a public key is one.
pub fn mac(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text.as_bytes());
    encoded(&mac.finalize().into_bytes())
}

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Header and claims of a token, to be signed.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()))
}
