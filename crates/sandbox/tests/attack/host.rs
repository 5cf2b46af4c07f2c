//! What an attacked host has to offer: files, sockets and services that no script may reach. The tests make their own,
//! so that a "refused" is never the luck of a thing that wasn't there.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, UdpSocket},
    os::linux::net::SocketAddrExt as _,
    os::unix::net::{SocketAddr, UnixListener},
    path::PathBuf,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

/// A text that is in the supervisor's environment, in a file of the host and in what its services answer.
pub const MARK: &str = "planted-secret-5b1f0e";

/// The services live as long as the process; the files go with the folder.
pub struct Host {
    _folder: tempfile::TempDir,
    pub marker: PathBuf,
    pub socket: PathBuf,
    pub abstract_name: String,
    pub tcp_port: u16,
    pub udp_port: u16,
}

impl Host {
    /// One for all runs at a time, and none when there is no run: a folder that a process keeps to its end stays behind.
    pub fn shared() -> Arc<Self> {
        static HOST: Mutex<Weak<Host>> = Mutex::new(Weak::new());
        let mut host = HOST.lock().expect("no panic");
        host.upgrade().unwrap_or_else(|| {
            let prepared = Arc::new(Self::prepare());
            *host = Arc::downgrade(&prepared);
            prepared
        })
    }

    fn prepare() -> Self {
        static PREPARED: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().expect("a folder");
        let marker = folder.path().join("marker");
        std::fs::write(&marker, MARK).expect("the marker");
        open_to_all(folder.path());
        open_to_all(&marker);
        let socket = folder.path().join("service.sock");
        answer_unix(UnixListener::bind(&socket).expect("a socket"));
        open_to_all(&socket);
        let number = PREPARED.fetch_add(1, Ordering::Relaxed);
        let abstract_name = format!("errand-attack-{}-{number}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
        answer_unix(UnixListener::bind_addr(&address).expect("an abstract socket"));
        let tcp = TcpListener::bind("0.0.0.0:0").expect("a port");
        let tcp_port = tcp.local_addr().expect("its address").port();
        answer_tcp(tcp);
        // The same port on IPv6, where the machine has it.
        if let Ok(tcp6) = TcpListener::bind(("::1", tcp_port)) {
            answer_tcp(tcp6);
        }
        let udp = UdpSocket::bind("0.0.0.0:0").expect("a port");
        let udp_port = udp.local_addr().expect("its address").port();
        thread::spawn(move || echo_udp(&udp));
        Self { _folder: folder, marker, socket, abstract_name, tcp_port, udp_port }
    }
}

/// Permissions must not be what keeps a script out.
fn open_to_all(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("permissions");
}

fn answer_unix(listener: UnixListener) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.write_all(MARK.as_bytes());
        }
    });
}

fn answer_tcp(listener: TcpListener) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 256];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{MARK}").as_bytes());
        }
    });
}

fn echo_udp(socket: &UdpSocket) {
    let mut packet = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut packet) {
        let _ = socket.send_to(&packet[..length], from);
    }
}

/// An address of this machine that is not loopback, as a route to the outside would use it.
pub fn own_address() -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    // Nothing is sent: connecting a datagram socket only chooses the address.
    let chosen = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    chosen.map_or_else(|_| "10.255.255.254".to_owned(), |address| address.ip().to_string())
}

pub fn name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}
