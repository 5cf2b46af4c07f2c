//! Servers of this machine that stand for hosts of the internet.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::JoinSet,
};

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
        let listener = TcpListener::bind(address).await.expect("a free port");
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
        Manner::Http => serve_http(stream).await,
        Manner::Deaf => std::future::pending().await,
        Manner::Breaking => {
            let _ = stream.write_all(b"half of it").await;
            let mut byte = [0];
            let _ = stream.read(&mut byte).await;
            let _ = stream.set_zero_linger();
        }
    }
}

async fn serve_http(mut stream: TcpStream) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let Ok(1..) = stream.read_buf(&mut head).await else {
            return;
        };
    }
    let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    let (kind, body) = match path.as_str() {
        "/v1/models" => ("application/json", r#"{"object":"list","data":[{"id":"tiny","object":"model"}]}"#),
        _ => ("text/plain", "hello"),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
