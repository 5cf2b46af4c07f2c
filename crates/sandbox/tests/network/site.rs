//! Servers of this machine that stand for hosts of the internet.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::JoinSet,
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 250;

/// A server that ends with the test and keeps what it was sent.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) received: Arc<Mutex<Vec<u8>>>,
    _server: JoinSet<()>,
}

#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Sends back what it reads once the other side has ended, then ends.
    Echo,
    /// Answers each request with a line of text.
    Http,
    /// Takes connections and never reads.
    Deaf,
    /// Sends a few bytes and breaks the connection.
    Breaking,
}

impl Site {
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::at("127.0.0.1:0", manner).await
    }

    pub(crate) async fn at(address: &str, manner: Manner) -> Self {
        Self::on(TcpListener::bind(address).await.expect("a free port"), manner)
    }

    pub(crate) fn on(listener: TcpListener, manner: Manner) -> Self {
        let address = listener.local_addr().expect("bound");
        let received = Arc::new(Mutex::new(Vec::new()));
        let mut server = JoinSet::new();
        let kept = Arc::clone(&received);
        server.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                clients.spawn(serve(stream, manner, Arc::clone(&kept)));
            }
        });
        Self { address, received, _server: server }
    }

    /// Serves a folder over HTTPS.
    pub(crate) async fn start_secure(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (acceptor, folder) = (acceptor(), folder.to_owned());
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, folder) = (acceptor.clone(), folder.clone());
                clients.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve_http(stream, Some(folder)).await;
                    }
                });
            }
        });
        Self { address, received: Arc::default(), _server: server }
    }

    /// How many bytes came, once it is `count` or nothing more is to be expected: the last ones may still be on their way
    /// when a script has ended.
    pub(crate) async fn received_at_last(&self, count: usize) -> usize {
        for _ in 0..LOOKS_MAX {
            if self.received.lock().await.len() >= count {
                break;
            }
            sleep(BETWEEN_LOOKS).await;
        }
        self.received.lock().await.len()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, kept: Arc<Mutex<Vec<u8>>>) {
    match manner {
        Manner::Echo => {
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes).await;
            kept.lock().await.extend(&bytes);
            let _ = stream.write_all(&bytes).await;
        }
        Manner::Http => serve_http(stream, None).await,
        Manner::Deaf => std::future::pending().await,
        Manner::Breaking => {
            let _ = stream.write_all(b"half of it").await;
            let mut byte = [0];
            let _ = stream.read(&mut byte).await;
            let _ = stream.set_zero_linger();
        }
    }
}

fn acceptor() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["code.test".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key)
        })
        .expect("a server's configuration");
    TlsAcceptor::from(Arc::new(config))
}

/// Answers one request: with a file of the folder, or with a text.
async fn serve_http(mut stream: impl AsyncRead + AsyncWrite + Unpin, folder: Option<PathBuf>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let Ok(1..) = stream.read_buf(&mut head).await else {
            return;
        };
    }
    let target = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    let path = target.split('?').next().unwrap_or_default();
    let (status, body) = match (&folder, path) {
        (Some(folder), _) => match std::fs::read(folder.join(path.trim_start_matches('/'))) {
            Ok(bytes) => ("200 OK", bytes),
            Err(_) => ("404 Not Found", Vec::new()),
        },
        (None, "/v1/models") => {
            ("200 OK", br#"{"object":"list","data":[{"id":"tiny","object":"model"}]}"#.to_vec())
        }
        (None, _) => ("200 OK", b"hello".to_vec()),
    };
    let kind = if path.starts_with("/v1/") { "application/json" } else { "text/plain" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}
