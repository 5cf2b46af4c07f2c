//! The service that benchmarked actions call: 1 KB of JSON, at once or after `?delay_ms=…`.
//!
//! `upstream <address>` listens there (port 0 for any free one), prints the address and answers until it is ended. It
//! needs nothing but the standard library, so that `rustc` builds it in a second, and takes as little of the machine
//! as an HTTP/1.1 server can: what is measured is the caller.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

const BODY_BYTES: usize = 1024;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(&address)?;
    println!("{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        // A connection that breaks is the caller's business.
        thread::spawn(move || answer_all(&stream));
    }
    Ok(())
}

/// Answers one request after another until the caller closes the connection.
fn answer_all(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream);
    while let Some(target) = read_request(&mut requests)? {
        thread::sleep(delay(&target));
        let body = body(&target);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        (&*stream).write_all(format!("{head}{body}").as_bytes())?;
    }
    Ok(())
}

/// The target of the next request, such as `/orders/12345?delay_ms=20`; its headers are skipped and it has no body.
fn read_request(requests: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut target = None;
    let mut line = String::new();
    loop {
        line.clear();
        if requests.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            return Ok(target);
        }
        target = target.or_else(|| line.split(' ').nth(1).map(str::to_owned));
    }
}

fn delay(target: &str) -> Duration {
    let text = target.split_once("delay_ms=").map_or("0", |(_, value)| value);
    Duration::from_millis(text.parse().unwrap_or(0))
}

/// An order of exactly [`BODY_BYTES`].
fn body(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    let id: String = path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(64)
        .collect();
    let head = format!(r#"{{"order_id":"{id}","status":"refunded","note":""#);
    let filler = "x".repeat(BODY_BYTES - head.len() - 2);
    format!(r#"{head}{filler}"}}"#)
}
