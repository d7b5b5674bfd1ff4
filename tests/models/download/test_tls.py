"""The same Hub behind TLS, with a certificate made for the test."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import sys
import threading

import pytest

from engine.errors import Cancelled, KnownError
from engine.models.download.cached import CachedRepository
from engine.models.download.hub import Hub
from engine.models.download.pulling import pull
from engine.models.download.stopping import Stop
from tests.models.download import hub_server as serving
from tests.models.download.conftest import NAME
from tests.models.download.test_http import WEIGHTS, assert_here

x509 = pytest.importorskip("cryptography.x509", reason="makes the certificate; keyring brings it on Linux only")

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a Mac trusts its keychain, which no test changes")


@pytest.fixture
def certificate(home):
    """A file with the certificate of 127.0.0.1, signed by itself, and one with its key."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256())
    file, secret = home / "certificate.pem", home / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    return file, secret


@pytest.fixture
def protected(server, certificate, monkeypatch):
    """The server speaks TLS from now on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.speak_tls(context)
    monkeypatch.setenv("HF_ENDPOINT", server.url.replace("http:", "https:"))
    return server


@pytest.fixture
def trusted(certificate, monkeypatch):
    """The system trusts the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def test_behind_tls(protected, trusted):
    with Hub() as hub:
        pull(NAME, hub, Stop())
    assert_here(protected)


def test_a_certificate_that_nobody_trusts(protected):
    with Hub() as hub, pytest.raises(KnownError, match="certificate is not trusted"):
        pull(NAME, hub, Stop())
    assert protected.requests == []


def test_stopped_in_the_middle_of_a_protected_read(protected, trusted):
    protected.behave(WEIGHTS, serving.stall_after(1000))
    stop, came = Stop(), threading.Event()

    def stopper():
        came.wait()
        stop.set()

    thread = threading.Thread(target=stopper)
    thread.start()
    with Hub() as hub, pytest.raises(Cancelled):
        pull(NAME, hub, stop, lambda progress: came.set() if progress.file == WEIGHTS else None)
    thread.join()
    (part,) = CachedRepository(NAME).folder.glob("blobs/*.cadre.incomplete")
    assert part.stat().st_size == 1000


def test_from_a_protected_address_to_an_unprotected_one(protected, trusted):
    protected.behave(WEIGHTS, serving.redirect("http://example.invalid/x"))
    with Hub() as hub, pytest.raises(KnownError, match="not a protected address"):
        pull(NAME, hub, Stop())
