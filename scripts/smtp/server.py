"""Mail servers for the tests: the real protocol, over TLS and with passwords, on loopback. `server.py PORT FOLDER`.

PORT answers by HTTP: `/about` says where each server listens and whom it lets in, `/mails?to=ADDRESS` what came for
somebody, and by which server. FOLDER gets the certificate of the authority that signed the servers' own.
"""

import asyncio
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

HOST = "localhost"
USER, PASSWORD = "errand", "a password, and a long one: äöü"

mails = []


class Keeping:
    """Takes every mail but those to `nobody@`."""

    def __init__(self, name):
        self.name = name

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server, _session, envelope):
        mails.append({"server": self.name, "to": envelope.rcpt_tos, "content": envelope.content.decode()})
        return "250 taken"


class HangingUp(Keeping):
    """Breaks off once the whole message is there, before it says whether it took it."""

    async def handle_DATA(self, server, _session, _envelope):
        server.transport.abort()
        return "250 nobody hears this"


def judge(_server, _session, _envelope, _mechanism, given):
    is_right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    # Not handled: the server answers 535 itself.
    return AuthResult(success=is_right, handled=False)


def server_certificate(folder):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)
    return context


async def listen(name, tls, handler=Keeping, **options):
    """Where a server listens. `tls` is its certificate where TLS begins with the first byte."""
    loop = asyncio.get_running_loop()
    options = {"authenticator": judge, "enable_SMTPUTF8": False, **options}
    server = await loop.create_server(lambda: SMTP(handler(name), loop=loop, **options), "127.0.0.1", 0, ssl=tls)
    return server.sockets[0].getsockname()[1]


async def serve(port, folder):
    tls = server_certificate(folder)
    # A server that was reached over TLS does not see that itself.
    asks = {"auth_required": True, "auth_require_tls": False}
    upgrades = {"tls_context": tls, "require_starttls": True, "auth_required": True}
    ports = {
        "plain": await listen("plain", None, auth_require_tls=False),
        "tls": await listen("tls", tls, **asks),
        "start_tls": await listen("start_tls", None, **upgrades),
        "login_only": await listen("login_only", None, auth_exclude_mechanism=["PLAIN"], **upgrades),
        "hangs_up": await listen("hangs_up", tls, HangingUp, **asks),
    }
    about = {"host": HOST, "user": USER, "password": PASSWORD, "authority": str(folder / "authority.pem"), "ports": ports}

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            wanted = parse_qs(url.query).get("to", [""])[0]
            answer = about if url.path == "/about" else [mail for mail in mails if wanted in mail["to"]]
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    desk = ThreadingHTTPServer(("127.0.0.1", port), Desk)
    threading.Thread(target=desk.serve_forever, daemon=True).start()
    await asyncio.Event().wait()


asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
