//! Pulls a container image from a registry into a folder in the OCI layout: one image for this machine, every piece
//! checked against its SHA-256, and what is there already not fetched again.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use errand_sandbox::image::{
    Store,
    container::{Blob, DOCUMENT_BYTES_MAX, Digest, Document, read_document, wrong_digest},
};
use errand_secrets::SecretText;
use futures_util::StreamExt as _;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header};
use serde::Deserialize;
use serde_json::json;

use crate::{
    cli::{
        failure::Failure,
        output::{Output, one_line},
    },
    config::variable,
};

const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                      application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Without a single byte.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
const TRIES: u32 = 4;
const INDEXES_DEEP_MAX: usize = 4;
const LAYERS_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
const TOKEN_BYTES_MAX: u64 = 64 * 1024;
/// The one registry that is known by another name than its address.
const HUB: &str = "docker.io";
const HUB_ADDRESS: &str = "registry-1.docker.io";
const USER: &str = "ERRAND_REGISTRY_USER";
const PASSWORD: &str = "ERRAND_REGISTRY_PASSWORD";
const TAG_DEFAULT: &str = "latest";

/// A reference taken apart: `host[:port]/path[:tag|@digest]`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reference {
    base: Url,
    path: String,
    /// A tag or a digest.
    version: String,
}

struct Registry {
    http: Client,
    reference: Reference,
    authorization: Authorization,
}

enum Authorization {
    None,
    /// The user's own, for registries that take them directly.
    Password,
    Token(SecretText),
}

/// Fetches the image and answers with the folder that holds it.
pub(super) async fn pull(output: &Output, store: &Store, source: &str) -> Result<PathBuf, Failure> {
    if looks_like_a_path(source) {
        return Err(Failure::usage(
            format!("There is no file or folder `{}`.", one_line(source, 200)),
            "Check the path.",
        ));
    }
    let reference = parse(source)?;
    let folder = store.folder().join(format!(".pull-{}", &Digest::of_text(source).digits()[..16]));
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).map_err(|error| Failure::file("make the folder", &blobs, &error))?;
    let mut registry = Registry::new(reference)?;
    let manifest = registry.manifest().await?;
    let Document::Manifest { config, layers } = read_document(&manifest)? else {
        return Err(refused("its indexes lead to more indexes"));
    };
    let total: u64 = layers.iter().map(|layer| layer.bytes).fold(config.bytes, u64::saturating_add);
    if total > LAYERS_BYTES_MAX || config.bytes > DOCUMENT_BYTES_MAX {
        return Err(refused("it is larger than an image may be"));
    }
    let bar = output.byte_bar("Pulling", total);
    let mut done = 0;
    for blob in std::iter::once(&config).chain(&layers) {
        let fetched = registry
            .fetch(blob, &folder.join(blob.digest.path()), |bytes| bar.set_position(done + bytes))
            .await;
        if let Err(failure) = fetched {
            bar.finish_and_clear();
            return Err(failure);
        }
        done += blob.bytes;
    }
    bar.finish_and_clear();
    let digest = Digest::of_text(&manifest);
    let index = json!({ "schemaVersion": 2, "manifests": [{ "digest": digest.to_string(), "size": manifest.len() }] });
    for (path, text) in [(digest.path(), manifest), ("index.json".to_owned(), index.to_string())] {
        let path = folder.join(path);
        fs::write(&path, text).map_err(|error| Failure::file("write", &path, &error))?;
    }
    Ok(folder)
}

/// No reference begins like this.
fn looks_like_a_path(source: &str) -> bool {
    source.starts_with(['/', '.', '~'])
}

fn parse(source: &str) -> Result<Reference, Failure> {
    let wrong = || {
        Failure::usage(
            format!("`{}` is neither a file or folder here nor a reference.", one_line(source, 80)),
            "Write the registry too, such as `docker.io/library/python:3.13-slim`.",
        )
    };
    let (host, rest) = source.split_once('/').ok_or_else(wrong)?;
    let is_host = host.contains(['.', ':']) || host == "localhost";
    let (path, version) = match rest.split_once('@') {
        Some((name, digest)) => {
            digest.parse::<Digest>().map_err(|_| wrong())?;
            (name.rsplit_once(':').map_or(name, |(path, _)| path), digest)
        }
        None => rest.rsplit_once(':').unwrap_or((rest, TAG_DEFAULT)),
    };
    let is_path =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '/');
    let is_version = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    let goes_up = path.split('/').any(|part| part.is_empty() || part.starts_with('.'));
    if !is_host
        || path.is_empty()
        || goes_up
        || !path.chars().all(is_path)
        || version.is_empty()
        || !version.chars().all(is_version)
    {
        return Err(wrong());
    }
    let address = if host == HUB { HUB_ADDRESS } else { host };
    // Only a registry on this very machine is spoken to in the clear.
    let is_here = ["localhost", "127.0.0.1"].contains(&host.split(':').next().unwrap_or_default());
    let scheme = if is_here { "http" } else { "https" };
    let base = Url::parse(&format!("{scheme}://{address}/")).map_err(|_| wrong())?;
    if !base.username().is_empty() || base.password().is_some() {
        return Err(wrong());
    }
    Ok(Reference { base, path: path.to_owned(), version: version.to_owned() })
}

impl Registry {
    fn new(reference: Reference) -> Result<Self, Failure> {
        let http = Client::builder()
            .user_agent(concat!("errand/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| {
                Failure::new(
                    "client",
                    format!("No HTTP client could be made: {error}."),
                    "Check the system's certificates.",
                )
            })?;
        Ok(Self { http, reference, authorization: Authorization::None })
    }

    /// The manifest for this machine: through an index, if there is one.
    async fn manifest(&mut self) -> Result<String, Failure> {
        let mut version = self.reference.version.clone();
        for _ in 0..INDEXES_DEEP_MAX {
            let response = self.get(&format!("manifests/{version}"), 0).await?;
            let text = text(response, DOCUMENT_BYTES_MAX).await?;
            if let Ok(expected) = version.parse::<Digest>()
                && Digest::of_text(&text) != expected
            {
                return Err(wrong_digest(&expected).into());
            }
            match read_document(&text)? {
                Document::Manifest { .. } => return Ok(text),
                Document::Index(blob) => version = blob.digest.to_string(),
            }
        }
        Err(refused("its indexes lead to more indexes"))
    }

    /// Fetches a piece, going on from what an earlier try left.
    async fn fetch(&mut self, blob: &Blob, path: &Path, mut tell: impl FnMut(u64)) -> Result<(), Failure> {
        if path.exists() {
            tell(blob.bytes);
            return Ok(());
        }
        let part = path.with_extension("part");
        let mut last = None;
        for _ in 0..TRIES {
            match self.fetch_rest(blob, &part, &mut tell).await {
                Ok(()) => {
                    last = None;
                    break;
                }
                Err(failure) if failure.code == "registry_lost" => last = Some(failure),
                Err(failure) => return Err(failure),
            }
        }
        if let Some(failure) = last {
            return Err(failure);
        }
        let unusable = |step: &'static str| {
            let part = part.clone();
            move |error: std::io::Error| Failure::file(step, &part, &error)
        };
        let found = fs::File::open(&part).and_then(Digest::of).map_err(unusable("read"))?;
        if found != blob.digest {
            fs::remove_file(&part).map_err(unusable("delete"))?;
            return Err(wrong_digest(&blob.digest).into());
        }
        fs::rename(&part, path).map_err(unusable("move"))
    }

    async fn fetch_rest(
        &mut self,
        blob: &Blob,
        part: &Path,
        tell: &mut impl FnMut(u64),
    ) -> Result<(), Failure> {
        let have = fs::metadata(part).map_or(0, |about| about.len());
        if have == blob.bytes {
            return Ok(());
        }
        let response =
            self.get(&format!("blobs/{}", blob.digest), if have < blob.bytes { have } else { 0 }).await?;
        let goes_on = response.status() == StatusCode::PARTIAL_CONTENT;
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(goes_on)
            .truncate(!goes_on)
            .open(part)
            .map_err(|error| Failure::file("write", part, &error))?;
        let mut bytes = if goes_on { have } else { 0 };
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| lost(&error))?;
            bytes += chunk.len() as u64;
            if bytes > blob.bytes {
                return Err(wrong_digest(&blob.digest).into());
            }
            file.write_all(&chunk).map_err(|error| Failure::file("write", part, &error))?;
            tell(bytes);
        }
        if bytes < blob.bytes {
            return Err(lost(&format!("the connection ended after {bytes} of {} bytes", blob.bytes)));
        }
        Ok(())
    }

    /// One request; signs in when the registry asks for it.
    async fn get(&mut self, what: &str, from: u64) -> Result<Response, Failure> {
        let response = self.send(what, from).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return accepted(response, what);
        }
        let challenge =
            response.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        let challenge = challenge.unwrap_or_default().to_owned();
        self.authorization = self.sign_in(&challenge).await?;
        accepted(self.send(what, from).await?, what)
    }

    async fn send(&self, what: &str, from: u64) -> Result<Response, Failure> {
        let reference = &self.reference;
        let url = reference
            .base
            .join(&format!("v2/{}/{what}", reference.path))
            .map_err(|_| refused("its address can't be made"))?;
        let mut request = self.http.get(url).header(header::ACCEPT, ACCEPT);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request = match &self.authorization {
            Authorization::None => request,
            Authorization::Password => with_password(request),
            Authorization::Token(token) => request.bearer_auth(token.expose()),
        };
        request.send().await.map_err(|error| unreachable(&error))
    }

    async fn sign_in(&self, challenge: &str) -> Result<Authorization, Failure> {
        let Some(asked) = Challenge::parse(challenge) else {
            return variable(PASSWORD).map(|_| Authorization::Password).ok_or_else(sign_in_needed);
        };
        let mut realm =
            Url::parse(&asked.realm).map_err(|_| refused("it asks for a sign-in at no address"))?;
        if realm.scheme() != "https" && realm.host_str() != self.reference.base.host_str() {
            return Err(refused("it asks for a sign-in in the clear, elsewhere"));
        }
        let scope = format!("repository:{}:pull", self.reference.path);
        realm.query_pairs_mut().append_pair("service", &asked.service).append_pair("scope", &scope);
        let request = with_password(self.http.get(realm));
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        if !response.status().is_success() {
            return Err(sign_in_needed());
        }
        let answer: TokenAnswer = serde_json::from_str(&text(response, TOKEN_BYTES_MAX).await?)
            .map_err(|_| refused("its sign-in gave no token"))?;
        let token =
            answer.token.or(answer.access_token).ok_or_else(|| refused("its sign-in gave no token"))?;
        Ok(Authorization::Token(SecretText::new(token)))
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

/// What a registry asks for: `Bearer realm="…",service="…"`.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: String,
}

impl Challenge {
    /// None when it asks for name and password directly.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let value = |name: &str| {
            let at = rest.find(&format!("{name}=\""))? + name.len() + 2;
            rest[at..].split('"').next().map(str::to_owned)
        };
        Some(Self { realm: value("realm")?, service: value("service").unwrap_or_default() })
    }
}

fn with_password(request: RequestBuilder) -> RequestBuilder {
    match variable(PASSWORD) {
        Some(password) => request.basic_auth(variable(USER).unwrap_or_default(), Some(password)),
        None => request,
    }
}

fn accepted(response: Response, what: &str) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(sign_in_needed()),
        StatusCode::NOT_FOUND => Err(refused(&format!("it has no `{}`", one_line(what, 100)))),
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(lost(&format!("it answered {status}")))
        }
        _ => Err(refused(&format!("it answered {status}"))),
    }
}

async fn text(response: Response, bytes_max: u64) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| lost(&error))?);
        if bytes.len() as u64 > bytes_max {
            return Err(refused("its answer is too long"));
        }
    }
    String::from_utf8(bytes).map_err(|_| refused("its answer is no text"))
}

/// What lies at the bottom of it says what to look at: the name, the certificate, the port.
fn unreachable(error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    lost(&cause)
}

fn lost(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "registry_lost",
        format!("The registry could not be reached: {}.", one_line(&error.to_string(), 200)),
        "Check the network and run it again: what was fetched is kept.",
    )
}

fn refused(why: &str) -> Failure {
    Failure::new(
        "registry",
        format!("The image can't be pulled from the registry: {why}."),
        "Check the reference.",
    )
}

fn sign_in_needed() -> Failure {
    Failure::new(
        "registry_sign_in",
        "The registry lets nobody have this image without signing in, or knows no such image.",
        format!("Check the reference, and set {USER} and {PASSWORD}."),
    )
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        sync::{Arc, Mutex},
    };

    use axum::{
        body::Body,
        extract::{Request, State},
        http,
    };
    use serde_json::Value;

    use super::*;

    #[test]
    fn references_name_their_registry() {
        fn check(source: &str, expect: Option<(&str, &str, &str)>) {
            let got = parse(source).ok();
            let got = got.as_ref().map(|got| (got.base.as_str(), got.path.as_str(), got.version.as_str()));
            assert_eq!(got, expect, "{source}");
        }
        let digest = format!("sha256:{}", "a".repeat(64));
        check(
            "registry.example/team/python:3.13",
            Some(("https://registry.example/", "team/python", "3.13")),
        );
        check(
            "docker.io/library/python",
            Some(("https://registry-1.docker.io/", "library/python", "latest")),
        );
        check("localhost:5000/python:3.13", Some(("http://localhost:5000/", "python", "3.13")));
        check(
            &format!("registry.example/python:3.13@{digest}"),
            Some(("https://registry.example/", "python", &digest)),
        );
        for wrong in [
            "python:3.13",
            "library/python",
            "registry.example/",
            "registry.example/../python",
            "registry.example/a//b",
            "ana:pw@registry.example/python",
            "registry.example/Python",
            "registry.example/python@sha256:1",
            "registry.example/python:a b",
        ] {
            check(wrong, None);
        }
    }

    /// What a registry holds and what it was asked.
    struct Fake {
        documents: HashMap<String, String>,
        blobs: HashMap<String, Vec<u8>>,
        /// Requests as `path range authorization`.
        asked: Mutex<Vec<String>>,
    }

    async fn answer(State(fake): State<Arc<Fake>>, request: Request) -> http::Response<Body> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("-");
        let (path, range, authorization) = (request.uri().path(), header("range"), header("authorization"));
        let host = header("host").to_owned();
        fake.asked.lock().expect("nobody panicked").push(format!("{path} {range} {authorization}"));
        let reply = |status: u16, body: Vec<u8>| {
            http::Response::builder().status(status).body(body.into()).expect("a reply")
        };
        if path == "/token" {
            return reply(200, br#"{"token":"t0k3n"}"#.to_vec());
        }
        if authorization != "Bearer t0k3n" {
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"own\"");
            let refusal = http::Response::builder().status(401).header("www-authenticate", challenge);
            return refusal.body(Body::empty()).expect("a reply");
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if let Some(text) = fake.documents.get(name) {
            return reply(200, text.clone().into_bytes());
        }
        let Some(bytes) = fake.blobs.get(name) else {
            return reply(404, Vec::new());
        };
        match range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')) {
            Some(from) => reply(206, bytes[from.parse::<usize>().expect("a number")..].to_vec()),
            None => reply(200, bytes.clone()),
        }
    }

    /// A registry with one image for this machine and one for another, on a port of its own.
    async fn serve(blobs: &[&[u8]]) -> (Arc<Fake>, String) {
        let digest = |bytes: &[u8]| Digest::of(bytes).expect("memory can be read").to_string();
        let parts: Vec<Value> =
            blobs.iter().map(|bytes| json!({ "digest": digest(bytes), "size": bytes.len() })).collect();
        let manifest = json!({ "config": parts[0], "layers": parts[1..] }).to_string();
        let own = json!({ "os": "linux", "architecture": errand_sandbox::image::architecture() });
        let index = json!({ "manifests": [
            { "digest": digest(b"other"), "size": 5, "platform": { "os": "linux", "architecture": "other" } },
            { "digest": digest(manifest.as_bytes()), "size": manifest.len(), "platform": own },
        ]});
        let documents =
            HashMap::from([("1".to_owned(), index.to_string()), (digest(manifest.as_bytes()), manifest)]);
        let blobs = blobs.iter().map(|bytes| (digest(bytes), bytes.to_vec())).collect();
        let fake = Arc::new(Fake { documents, blobs, asked: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&fake));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (fake, format!("{address}/team/python:1"))
    }

    #[tokio::test]
    async fn an_image_is_pulled_and_goes_on_where_it_stopped() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (config, layer) = (b"{}".as_slice(), b"the layer's bytes".as_slice());
        let (fake, reference) = serve(&[config, layer]).await;
        let place = tempfile::tempdir().expect("a folder");
        let store = Store::new(place.path());
        let folder = pull(&Output::plain(), &store, &reference).await.expect("it is pulled");
        let layer_path = folder.join(Digest::of(layer).expect("memory can be read").path());
        assert_eq!(fs::read(&layer_path).ok().as_deref(), Some(layer));
        assert!(folder.join("index.json").exists());
        // As if it had been cut in the middle of the layer.
        fs::write(layer_path.with_extension("part"), &layer[..4]).expect("a file");
        fs::remove_file(&layer_path).expect("it is there");
        fake.asked.lock().expect("nobody panicked").clear();
        pull(&Output::plain(), &store, &reference).await.expect("it goes on");
        assert_eq!(fs::read(&layer_path).ok().as_deref(), Some(layer));
        let asked = fake.asked.lock().expect("nobody panicked").clone();
        let blobs: Vec<&String> = asked.iter().filter(|line| line.contains("/blobs/")).collect();
        assert!(blobs.len() == 1 && blobs[0].contains("bytes=4- Bearer t0k3n"), "{asked:?}");
        // What lies there is wrong: it is found out, and gone at the next try.
        fs::remove_file(&layer_path).expect("it is there");
        fs::write(layer_path.with_extension("part"), b"another layer of ").expect("a file");
        let refused = pull(&Output::plain(), &store, &reference).await.map_err(|failure| failure.code);
        assert_eq!(refused, Err("wrong_digest".to_owned()));
        pull(&Output::plain(), &store, &reference).await.expect("it starts again");
    }

    #[test]
    fn challenges_are_read() {
        let asked = Challenge::parse(
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="x""#,
        );
        let expect =
            Challenge { realm: "https://auth.example/token".into(), service: "registry.example".into() };
        assert_eq!(asked, Some(expect));
        assert_eq!(Challenge::parse(r#"Basic realm="all""#), None);
        assert_eq!(Challenge::parse(""), None);
    }
}
