"""A real nginx in front of a site: TLS, and a path below which the site lies."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts import need

PATH = "/live"

# What operators are told to write is what is tried.
GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def free_port() -> int:
    """A port of the loopback address that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def locations() -> str:
    """The `location` of the guide."""
    guide = GUIDE.read_text("utf-8")
    return guide.split("```nginx\n", 1)[1].split("```", 1)[0]


@contextmanager
def proxied(folder: Path, *, listen: int, to: int) -> Iterator[None]:
    """Run nginx in the foreground, with a certificate of its own, while the context lasts."""
    key, certificate, settings = folder / "key.pem", folder / "certificate.pem", folder / "nginx.conf"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = [need("openssl"), "req", *kind, *subject, "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    settings.write_text(
        f"""daemon off; master_process off; pid {folder}/pid; error_log stderr;
        events {{}}
        http {{
          access_log off;
          client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
          uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
          server {{
            listen 127.0.0.1:{listen} ssl;
            ssl_certificate {certificate}; ssl_certificate_key {key};
            {locations().replace("127.0.0.1:8000", f"127.0.0.1:{to}")}
          }}
        }}"""
    )
    process = subprocess.Popen([need("nginx"), "-c", settings, "-p", folder], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
