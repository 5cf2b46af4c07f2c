//! Bytes between the script and the host, counted, each direction at the pace of its slower side.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Notify, watch},
};

use super::run::Opened;

const BUFFER_BYTES: usize = 16 * 1024;

/// Runs until both sides are done or one breaks; after the script's end, until what it sent is out. A break is passed
/// on as one, so that a script can't take a cut transfer for a whole one.
pub(super) async fn relay(mut script: TcpStream, opened: Opened, closes: watch::Receiver<bool>) {
    let Opened { stream: mut host, link, slot: _slot } = opened;
    let (from_script, to_script) = script.split();
    let (from_host, to_host) = host.split();
    let uploaded = Notify::new();
    let upload = async {
        copy(from_script, to_host, |bytes| link.count_sent(bytes)).await?;
        uploaded.notify_one();
        io::Result::Ok(())
    };
    let download = copy(from_host, to_script, |bytes| link.count_received(bytes));
    let both = async { tokio::try_join!(upload, download) };
    let broken = tokio::select! {
        ended = both => ended.is_err(),
        () = sent_all(&uploaded, closes) => false,
    };
    if broken {
        let _ = script.set_zero_linger();
        let _ = host.set_zero_linger();
    }
}

async fn sent_all(uploaded: &Notify, mut closes: watch::Receiver<bool>) {
    closed(&mut closes).await;
    uploaded.notified().await;
}

/// Until closing is said. A sender that is gone means that the network was dropped, and this task with it.
pub(super) async fn closed(closes: &mut watch::Receiver<bool>) {
    let _ = closes.wait_for(|closing| *closing).await;
}

/// One direction, with the end of the one side passed on to the other.
async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    count: impl Fn(usize),
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
        count(read);
    }
}
