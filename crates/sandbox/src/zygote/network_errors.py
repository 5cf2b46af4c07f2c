"""Says in a script's exceptions why the network refused.

The kernel can tell no more than "Connection refused". The sandbox's name server knows why, so it is asked once a
connection or a look-up has failed, and its sentence takes the place of the kernel's; type and number stay. Nothing
depends on this: a script that undoes it only reads plainer errors.
"""

import _socket
import errno
import socket
import struct
import sys

_NAME_SERVER = ("127.0.0.1", 53)
_ASKED_FOR = frozenset((errno.ECONNREFUSED, errno.EHOSTUNREACH))
_TXT, _INTERNET = 16, 1
_PATIENCE_S = 1.0


def install():
    """Wraps what opens connections; asyncio only when it has been imported already."""
    socket.socket.connect = _connect
    socket.getaddrinfo = _wrapped_look_up(socket.getaddrinfo)
    loops = sys.modules.get("asyncio.selector_events")
    if loops is not None:
        loop = loops.BaseSelectorEventLoop
        loop.sock_connect = _wrapped_sock_connect(loop.sock_connect)


def _connect(self, address):
    try:
        return _socket.socket.connect(self, address)
    except OSError as error:
        _explain_address(error, self.family, address)
        raise


def _wrapped_look_up(plain):
    def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
        try:
            return plain(host, port, family, type, proto, flags)
        except socket.gaierror as error:
            _explain(error, f"_errand-name.{_text(host)}")
            raise

    return getaddrinfo


def _wrapped_sock_connect(plain):
    async def sock_connect(self, sock, address):
        try:
            return await plain(self, sock, address)
        except OSError as error:
            _explain_address(error, sock.family, address)
            raise

    return sock_connect


def _explain_address(error, family, address):
    if error.errno not in _ASKED_FOR or family not in (socket.AF_INET, socket.AF_INET6):
        return
    try:
        host, port = _socket.getaddrinfo(address[0], address[1], family, socket.SOCK_STREAM)[0][4][:2]
        packed = socket.inet_pton(family, host.partition("%")[0])
    except (OSError, TypeError, IndexError, ValueError):
        return
    if packed.startswith(bytes(10) + b"\xff\xff"):
        packed = packed[12:]
    _explain(error, f"_errand-address.{port}.{packed.hex()}")


def _explain(error, name):
    try:
        reason = _ask(name)
    except (OSError, ValueError, IndexError, struct.error):
        return
    if reason:
        error.strerror = reason
        error.args = (error.errno, reason)


def _ask(name):
    question = b"".join(_label(label) for label in name.rstrip(".").split(".")) + struct.pack(">x2H", _TXT, _INTERNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(_PATIENCE_S)
        _socket.socket.connect(asking, _NAME_SERVER)
        asking.send(struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + question)
        answer = asking.recv(2048)
    code, answers = answer[3] & 0x0F, answer[7]
    if code or not answers:
        return None
    # Behind the question stands one record: a name (2 bytes), type, class, time to live and length.
    at = 12 + len(question) + 12
    parts = []
    while at < len(answer):
        parts.append(answer[at + 1 : at + 1 + answer[at]])
        at += 1 + answer[at]
    return b"".join(parts).decode("utf-8", "replace")


def _label(label):
    encoded = label.encode("ascii")
    return bytes((len(encoded),)) + encoded


def _text(host):
    return host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else str(host)
