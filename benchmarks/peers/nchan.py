"""nchan, the publish-subscribe module of nginx: Debian's packages, unpacked here; the system itself stays as it is."""

from __future__ import annotations

import os
import re
import resource
import shlex
import shutil
import subprocess
from pathlib import Path

from benchmarks.peers.base import BENCHMARKS, Door, Missing, Peer, Start, Way

PACKAGES = ("nginx", "libnginx-mod-nchan")
UNPACKED = BENCHMARKS / ".peers" / "nchan"
TEMPLATE = Path(__file__).with_name("nchan.conf")
MODULE = "usr/lib/nginx/modules/ngx_nchan_module.so"
# nginx creates its body folder below this one even when configured not to.
STATE = Path("/var/lib/nginx")
HINT = "apt-get install nginx libnginx-mod-nchan"


class Nchan(Peer):
    name = "nchan"
    title = "nchan (nginx, C)"
    does = (
        "passes the body on unread: no authentication, no check of the JSON, no envelope, nothing on disk; one worker"
    )

    def install(self) -> None:
        if not self._found():
            self._unpack()
        nginx, _ = self._parts()
        probe = subprocess.run([str(nginx), "-v"], capture_output=True, text=True)
        if probe.returncode:
            raise Missing(f"nginx does not run here ({probe.stderr.strip()[-200:]}); {HINT}")
        if not STATE.exists() and subprocess.run([*self._prefix(), "true"], capture_output=True).returncode:
            raise Missing(f"there is no {STATE} and no mount namespace to make one in; {HINT}")

    def _parts(self) -> tuple[Path, Path]:
        for root in (Path("/"), UNPACKED):
            if (root / MODULE).exists() and (root / "usr/sbin/nginx").exists():
                return root / "usr/sbin/nginx", root / MODULE
        raise Missing(f"nginx with nchan is not installed; {HINT}")

    def _found(self) -> bool:
        try:
            self._parts()
        except Missing:
            return False
        return True

    def _unpack(self) -> None:
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise Missing(f"neither nginx with nchan nor Debian's tools are here; {HINT}")
        debs = UNPACKED / "debs"
        debs.mkdir(parents=True, exist_ok=True)
        fetch = ["apt-get", "download", *PACKAGES]
        done = subprocess.run(fetch, cwd=debs, capture_output=True, text=True)
        if done.returncode and os.geteuid() == 0:
            subprocess.run(["apt-get", "update"], capture_output=True)
            done = subprocess.run(fetch, cwd=debs, capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"its packages cannot be fetched; {HINT}")
        for deb in debs.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(UNPACKED)], check=True, capture_output=True)

    def version(self) -> str:
        nginx, module = self._parts()
        done = subprocess.run([str(nginx), "-v"], capture_output=True, text=True, check=True)
        return f"nchan {_nchan_version(module)}, nginx {done.stderr.strip().rpartition('/')[2]}"

    def start(self, folder: Path, port: int) -> Start:
        nginx, module = self._parts()
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        values = {"MODULE": module, "FILES": files, "CONNECTIONS": files - 100, "FOLDER": folder, "PORT": port}
        text = re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), TEMPLATE.read_text())
        # As root, the worker would drop to an account that may not exist here.
        if os.geteuid() == 0:
            text = "user root;\n" + text
        (folder / "nginx.conf").write_text(text)
        argv: tuple[str, ...] = (str(nginx), "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr")
        if not STATE.exists():
            argv = (*self._prefix(), *argv)
        doors = {Way.POST: Door(publish="/publish", subscribe="/subscribe")}
        return Start(argv=argv, ready="/ready", doors=doors)

    def _prefix(self) -> list[str]:
        """A mount namespace with an empty folder at STATE, so that the system itself stays as it is."""
        state = shlex.quote(str(STATE))
        parent = shlex.quote(str(STATE.parent))
        script = f'mount -t tmpfs none {parent} && mkdir {state} && exec "$0" "$@"'
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        return ["unshare", *user, "--mount", "sh", "-c", script]


def _nchan_version(module: Path) -> str:
    """The package's version; the module itself does not tell it."""
    for deb in (UNPACKED / "debs").glob("libnginx-mod-nchan_*.deb"):
        return deb.name.split("_")[1].replace("%3a", ":").rpartition(":")[2]
    query = ["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"]
    done = subprocess.run(query, capture_output=True, text=True)
    return done.stdout.rpartition(":")[2] if done.returncode == 0 else f"unknown ({module.name})"
