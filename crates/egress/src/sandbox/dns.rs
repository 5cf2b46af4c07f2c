//! The run's name server. It tells the script an address that stands for the name it asked for.
//!
//! Where the namespace has a gate, names that the action doesn't list get an address too: the refusal then comes with
//! the connection, where the port is known. Without one they don't exist. A script can ask why something failed: `TXT
//! _errand-address.<port>.<address in hexadecimal>` or `TXT _errand-name.<name>`.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
    time::sleep,
};

use super::{
    packet::{self, Answer, Kind, Question, Unreadable},
    run::Run,
};

/// Longer than any question, shorter than what would be worth sending.
const QUESTION_BYTES_MAX: usize = 1024;
/// Questions that wait for an answer from outside; further ones wait to be read.
const WAITING_MAX: usize = 64;
const TCP_CLIENTS_MAX: usize = 8;
const RETRY_AFTER: Duration = Duration::from_millis(20);

pub(super) async fn serve_udp(run: Arc<Run>, socket: UdpSocket) {
    let socket = Arc::new(socket);
    let mut waiting = JoinSet::new();
    let mut buffer = [0; QUESTION_BYTES_MAX];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer), if waiting.len() < WAITING_MAX => received,
            Some(_) = waiting.join_next() => continue,
        };
        let Ok((length, client)) = received else {
            sleep(RETRY_AFTER).await;
            continue;
        };
        let asked = packet::read(buffer.get(..length).unwrap_or_default());
        let (run, socket) = (Arc::clone(&run), Arc::clone(&socket));
        waiting.spawn(async move {
            if let Some(reply) = reply(&run, asked).await {
                // A client that is gone needs no answer.
                let _ = socket.send_to(&reply, client).await;
            }
        });
    }
}

pub(super) async fn serve_tcp(run: Arc<Run>, listener: TcpListener) {
    let mut clients = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept(), if clients.len() < TCP_CLIENTS_MAX => accepted,
            Some(_) = clients.join_next() => continue,
        };
        match accepted {
            Ok((client, _)) => {
                clients.spawn(serve_client(Arc::clone(&run), client));
            }
            Err(_) => sleep(RETRY_AFTER).await,
        }
    }
}

/// Each message is led by its length in two bytes.
async fn serve_client(run: Arc<Run>, mut client: TcpStream) -> io::Result<()> {
    loop {
        let length = usize::from(client.read_u16().await?);
        if length > QUESTION_BYTES_MAX {
            return Ok(());
        }
        let mut bytes = vec![0; length];
        client.read_exact(&mut bytes).await?;
        let Some(reply) = reply(&run, packet::read(&bytes)).await else {
            return Ok(());
        };
        // At once, for clients that take what comes first for the whole.
        let length = u16::try_from(reply.len()).unwrap_or(0);
        client.write_all(&[&length.to_be_bytes(), reply.as_slice()].concat()).await?;
    }
}

async fn reply(run: &Run, asked: Result<Question, Unreadable>) -> Option<Vec<u8>> {
    match asked {
        Ok(question) => {
            let answer = if run.may_ask() { answer(run, &question).await } else { Answer::Failed };
            Some(packet::write(&question, &answer))
        }
        Err(Unreadable::Answer(bytes)) => Some(bytes),
        Err(Unreadable::Ignore) => None,
    }
}

async fn answer(run: &Run, question: &Question) -> Answer {
    let Some(name) = question.name.as_deref() else {
        return Answer::NoSuchName;
    };
    if let Some(key) = name.strip_prefix("_errand-address.").or_else(|| name.strip_prefix("_errand-name.")) {
        return run.reason(key).map_or(Answer::NoSuchName, Answer::Text);
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return address(question.kind, IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
    }
    // Names of addresses are not looked up: ours would tell nothing, and others are nobody's business.
    if name.rsplit('.').next() == Some("arpa") {
        return Answer::NoSuchName;
    }
    let is_listed = run.lists(name);
    if !is_listed && !run.is_gated() {
        run.refuse_name(name);
        return Answer::NoSuchName;
    }
    let Some(entry) = run.name(name) else {
        return Answer::Failed;
    };
    if is_listed && run.resolved(&entry).await.is_none() {
        run.name_is_unknown(name);
        return Answer::NoSuchName;
    }
    address(question.kind, entry.v4(), entry.v6())
}

fn address(kind: Kind, v4: IpAddr, v6: IpAddr) -> Answer {
    match kind {
        Kind::A => Answer::Address(v4),
        Kind::Aaaa => Answer::Address(v6),
        Kind::Txt | Kind::Other => Answer::Nothing,
    }
}
