"""
Reads the source of the package and names what breaks the rules of the house.

Each function here takes the folder of a package and returns sentences, one a breach, each with its place; an empty list
means that the rule is kept. Nothing is imported or run: the source is parsed.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "realtime"

# The table of floors. A module imports its own floor or a lower one. A room is a module or a folder directly in the
# package; a new one gets its line here and in docs/architecture.md.
FLOORS = (
    "events errors config policy channels jsonio clock disk logs redaction settings_table settings_values addresses "
    "words assets bootstrap program",
    "dialects",
    "store delivery",
    "services emit metrics",
    "keys origins attempts auth middleware openapi asyncapi shapes",
    "handlers",
    "app cli commands server __main__",
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}
# The package's own `__init__`: its version, which every floor may read.
FLOOR_OF["__init__"] = 0

SQL_LIBRARIES = frozenset({"sqlalchemy", "aiosqlite", "alembic", "sqlite3", "asyncpg"})
FILE_LINES, FUNCTION_LINES, HANDLER_LINES = 300, 40, 20
SOURCE_SUFFIXES = frozenset({".py", ".js", ".css", ".html"})


def modules(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Yield each Python file of the package with its parsed source."""
    for path in sorted(package.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"), filename=str(path))


def room_of(path: Path, package: Path) -> str:
    """Return the name of the module or folder, directly in the package, to which a file belongs."""
    return path.relative_to(package).parts[0].removesuffix(".py")


def imports(path: Path, tree: ast.Module, package: Path) -> Iterator[tuple[int, str]]:
    """Yield line and absolute dotted name of all that a file imports, also inside functions and `if TYPE_CHECKING`."""
    here = (package.name, *path.relative_to(package).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (base, node.module)))
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def imported_room(name: str, package: Path) -> str | None:
    """Return the room that a dotted name lies in, or None if it is not of this package."""
    top, *rest = name.split(".")
    if top != package.name:
        return None
    is_room = rest and ((package / f"{rest[0]}.py").exists() or (package / rest[0]).is_dir())
    return rest[0] if is_room else "__init__"


def unknown_rooms(package: Path) -> list[str]:
    """Name the rooms that have no floor."""
    rooms = {room_of(path, package) for path, _ in modules(package)}
    return [
        f"{package.name}/{room}: which floor is it on? Add it to FLOORS in tests/house.py"
        for room in sorted(rooms - FLOOR_OF.keys())
    ]


def climbing_imports(package: Path) -> list[str]:
    """Name the imports that lead to a higher floor."""
    breaches = []
    for path, tree in modules(package):
        floor = FLOOR_OF.get(room_of(path, package), len(FLOORS))
        for line, name in imports(path, tree, package):
            room = imported_room(name, package)
            if room is not None and FLOOR_OF.get(room, len(FLOORS)) > floor:
                target = FLOOR_OF.get(room, "?")
                breaches.append(f"{place(path, package)}:{line}: floor {floor} imports {name} of floor {target}")
    return breaches


def misplaced_imports(package: Path, libraries: frozenset[str], *, home: str) -> list[str]:
    """Name the imports of these libraries outside the one room that may use them."""
    return [
        f"{place(path, package)}:{line}: {name} belongs in {home}/ alone"
        for path, tree in modules(package)
        if room_of(path, package) != home
        for line, name in imports(path, tree, package)
        if name.split(".")[0] in libraries
    ]


def impurities(package: Path, room: str, libraries: frozenset[str]) -> list[str]:
    """Name what a pure room must not have: these libraries, and anything that waits."""
    waits = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    breaches = []
    for path, tree in modules(package):
        if room_of(path, package) != room:
            continue
        used = [(line, f"imports {name}") for line, name in imports(path, tree, package)]
        breaches += [
            f"{place(path, package)}:{n}: {what}" for n, what in used if what.split()[1].split(".")[0] in libraries
        ]
        breaches += [f"{place(path, package)}:{n.lineno}: waits" for n in ast.walk(tree) if isinstance(n, waits)]
    return breaches


def long_files(package: Path) -> list[str]:
    """Name the source files that no newcomer holds in the head. Vendored parts and translations are not ours to cut."""
    return [
        f"{place(path, package)}: {lines} lines, at most {FILE_LINES}"
        for path in sorted(package.rglob("*"))
        if path.suffix in SOURCE_SUFFIXES and not {"vendor", "locales", "migrations"} & set(path.parts)
        if (lines := len(path.read_text("utf-8").splitlines())) > FILE_LINES
    ]


def long_functions(package: Path) -> list[str]:
    """Name the functions past their limit, from `def` to the last line; a handler, which takes a request, has half."""
    breaches = []
    for path, tree in modules(package):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            most = HANDLER_LINES if is_handler(node, path, package) else FUNCTION_LINES
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > most:
                breaches.append(f"{place(path, package)}:{node.lineno}: {node.name} has {lines} lines, at most {most}")
    return breaches


def is_handler(node: ast.FunctionDef | ast.AsyncFunctionDef, path: Path, package: Path) -> bool:
    """Tell whether a function answers requests: it waits, lives in handlers/ and its first argument is the request."""
    first = node.args.args[0].arg if node.args.args else ""
    return isinstance(node, ast.AsyncFunctionDef) and room_of(path, package) == "handlers" and first == "request"


def left_out_of_the_package(package: Path) -> list[str]:
    """Name the folders that pip would leave behind: with modules, but without `__init__.py`. Migrations go as data."""
    folders = {path.parent for path, _ in modules(package) if "migrations" not in path.parts}
    return [place(folder, package) for folder in sorted(folders) if not (folder / "__init__.py").exists()]


def place(path: Path, package: Path) -> str:
    """Return a file's path as a reader of the checkout writes it."""
    return path.relative_to(package.parent).as_posix()


TOP_FOLDERS = frozenset({".ci", "benchmarks", "data", "docs", "realtime", "requirements", "tests", "tools"})
# Written so that none of them matches its own line.
STRAY = {
    "unfinished work": re.compile(r"\b(?:TO[D]O|FI[X]ME|X[X]X|HA[C]K)\b"),
    "a path of one machine": re.compile(r"/(?:[r]oot|[w]ork)/|/(?:[h]ome|[U]sers)/[a-z]\w*/|/[t]mp/[v]/"),
    "the host of a package registry": re.compile(r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)"),
}


def own_files() -> list[Path]:
    """Return the files that git keeps or would keep, relative to the checkout; without git, all that is no cache."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        caches = re.compile(r"\.git|\.venv|build|dist|__pycache__|\..*_cache|\.hypothesis|.*\.egg-info|node_modules")
        every = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        listed = [path.as_posix() for path in every if not any(caches.fullmatch(part) for part in path.parts)]
    return [Path(name) for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


def stray_words(root: Path, files: list[Path]) -> list[str]:
    """Name the lines that speak of unfinished work or of a place outside the project. Foreign texts are left alone."""
    breaches = []
    for path in files:
        if "vendor" in path.parts or path.parts[:2] == ("tests", "seeds"):
            continue
        try:
            lines = (root / path).read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        breaches += [
            f"{path.as_posix()}:{number}: {what}: {line.strip()[:100]}"
            for number, line in enumerate(lines, 1)
            for what, pattern in STRAY.items()
            if pattern.search(line)
        ]
    return breaches
