"""Makes `executorch.backends.mlx` importable from a wheel that lacks its generated files.

ExecuTorch's Linux wheels hold the MLX lowering, the schema and the generator, but not what the
generator makes of the schema; macOS wheels hold that too. We run the wheel's own generator on
copies in a cache folder and let the package find its generated modules there.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

PACKAGE = "executorch.backends.mlx"
EXECUTORCH_VERSION = "1.5.1"
# sha256 of that release's serialization/schema.fbs, the contract with the delegates.
SCHEMA_SHA256 = "d79a30f1f6eb27355302fff61502cdd3b9edd1206272f55cde352d94ebcd4954"

_REMEDY = f"pip install executorch=={EXECUTORCH_VERSION}"
_LAYOUT_VERSION = "1"
_MARKER = "complete.json"  # relative path -> sha256; written last
_SOURCES = ("__init__.py", "generate.py", "mlx_graph_serialize.py", "schema.fbs")
# The generator reads the templates of a C++ loader that no wheel holds; empty ones do.
_EMPTY_TEMPLATES = ("MLXLoader.h.tmpl", "MLXLoader.cpp.tmpl")
# What the Python package needs of the generator's output, relative to the package.
_GENERATED = (
    "_generated_inspector.py",
    "serialization/mlx_graph_schema.py",
    "serialization/_generated_serializers.py",
    "serialization/_generated/__init__.py",
    "serialization/_generated/mlx_delegate/MLXGraph.py",
    "serialization/_generated/mlx_delegate/OpNode.py",
)


class MlxSchemaError(RuntimeError):
    """The wheel's MLX lowering cannot be made usable; the message says what to do."""


def ensure_mlx_schema() -> None:
    """Makes `import executorch.backends.mlx` work in this process; repeated calls do nothing.

    Call before importing anything of that package. Raises MlxSchemaError when the wheel is not
    the one we know, when its generator does not work, or when the cache cannot be written.
    """
    # A failed import leaves no entry for the package itself.
    if PACKAGE in sys.modules or any(isinstance(f, _GeneratedModules) for f in sys.meta_path):
        return
    try:
        spec = importlib.util.find_spec(PACKAGE)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise MlxSchemaError(f"this Python has no {PACKAGE}; remedy: {_REMEDY}")
    package = Path(spec.origin).parent
    folder = generated_folder(package, package.parents[1] / "data" / "bin" / "flatc")
    if folder is None:
        return
    _forget_failed_import()
    sys.meta_path.insert(0, _GeneratedModules(folder))


def generated_folder(package: Path, flatc: Path) -> Path | None:
    """The folder with the generated modules of `package`, or None when it has its own.

    `package` is a folder `executorch/backends/mlx`, `flatc` the schema compiler. Makes the folder
    in the user's cache on first use; safe against other processes doing so at the same time and
    against what an interrupted one left. Raises MlxSchemaError.
    """
    schema = package / "serialization" / "schema.fbs"
    found = _sha256(schema) if schema.is_file() else "no such file"
    if found != SCHEMA_SHA256:
        raise MlxSchemaError(
            f"{schema} is not the MLX schema of executorch {EXECUTORCH_VERSION}: "
            f"sha256 {found}, expected {SCHEMA_SHA256}; remedy: {_REMEDY}"
        )
    if all((package / name).is_file() for name in _GENERATED):
        return None
    cache = _cache_root()
    folder = cache / f"mlx-schema-{_key(package)}"
    if _is_complete(folder):
        return folder
    if not os.access(flatc, os.X_OK):
        raise MlxSchemaError(
            f"the schema compiler {flatc} is missing or not executable; remedy: {_REMEDY}"
        )
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / ".mlx-schema.lock"):
            if not _is_complete(folder):
                _make(folder, package, flatc)
    except OSError as error:
        raise MlxSchemaError(
            f"cannot write the MLX schema's generated files to {cache}: {error}; "
            "set XDG_CACHE_HOME to a folder that can be written"
        ) from error
    return folder


class _GeneratedModules:
    """Finds the MLX package as usual, and puts the folder with generated modules on its path.

    The package's __init__ imports them at once, so its path has to be right before it runs; and
    executorch.backends is a regular package, which is why PYTHONPATH cannot do this.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != PACKAGE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.submodule_search_locations is not None:
            spec.submodule_search_locations.insert(0, self.folder)
        return spec


def _forget_failed_import() -> None:
    """Drops the modules that an import of the package left behind when it failed.

    All but `custom_ops`, which is whole: its operators can be registered with torch only once.
    """
    for name in list(sys.modules):
        inside = name == PACKAGE or name.startswith(f"{PACKAGE}.")
        if inside and name != f"{PACKAGE}.custom_ops":
            del sys.modules[name]


def _cache_root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # unset, or relative: to be ignored by the XDG specification
        base = os.path.expanduser("~/.cache")
    if not os.path.isabs(base):
        raise MlxSchemaError("no home folder to keep generated files in; set XDG_CACHE_HOME")
    return Path(base) / "voxtral_tts"


def _key(package: Path) -> str:
    """Names a generated folder by all that it is made of."""
    try:
        version = importlib.metadata.version("executorch")
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    digest = hashlib.sha256(f"{_LAYOUT_VERSION} {version}".encode())
    for name in _SOURCES:
        source = package / "serialization" / name
        if not source.is_file():
            raise MlxSchemaError(f"{source} is missing; remedy: {_REMEDY}")
        digest.update(f"\n{name} {_sha256(source)}".encode())
    return digest.hexdigest()[:16]


def _is_complete(folder: Path) -> bool:
    """Whether the folder holds every file that its marker lists, unchanged."""
    try:
        listed = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        return set(_GENERATED) <= set(listed) and all(
            _sha256(folder / name) == sha256 for name, sha256 in listed.items()
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock file, so that no process replaces a folder which another just made."""
    with path.open("w") as file:
        # Some network file systems cannot lock; the rename alone is then nearly as good.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(folder: Path, package: Path, flatc: Path) -> None:
    """Generates in a temporary folder beside `folder`, then replaces `folder` by it."""
    with tempfile.TemporaryDirectory(prefix=".mlx-schema-", dir=folder.parent) as scratch:
        made = Path(scratch) / "mlx"
        _generate(made, package, flatc)
        files = sorted(path for path in made.rglob("*") if path.is_file())
        listed = {path.relative_to(made).as_posix(): _sha256(path) for path in files}
        (made / _MARKER).write_text(json.dumps(listed), encoding="utf-8")
        try:
            made.rename(folder)
        except OSError:
            if _is_complete(folder):
                return
            folder.rename(Path(scratch) / "broken")
            made.rename(folder)


def _generate(made: Path, package: Path, flatc: Path) -> None:
    """Runs the wheel's generator on copies of its inputs; the package appears in `made`."""
    serialization = made / "serialization"
    serialization.mkdir(parents=True)
    (made / "runtime").mkdir()
    for name in _SOURCES:
        shutil.copyfile(package / "serialization" / name, serialization / name)
    for name in _EMPTY_TEMPLATES:
        (serialization / name).touch()
    # Isolated, without site: the generator needs the standard library only.
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(serialization / "generate.py")]
    result = subprocess.run(
        [*command, "--flatc", str(flatc)],
        cwd=made,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    # It exits with 0 even when the schema compiler fails, so its outputs tell.
    missing = [
        name
        for name in _GENERATED
        if not (made / name).is_file() or (made / name).stat().st_size == 0
    ]
    if result.returncode != 0 or missing:
        lines = result.stdout.strip().splitlines()[-10:]
        raise MlxSchemaError(
            f"{package / 'serialization' / 'generate.py'} with {flatc} failed "
            f"(exit status {result.returncode}, missing: {', '.join(missing) or 'nothing'}); "
            f"remedy: {_REMEDY}; its last lines:\n" + "\n".join(lines)
        )
    # What is left over is for C++ builds of ExecuTorch.
    shutil.rmtree(made / "runtime")
    for name in _EMPTY_TEMPLATES:
        (serialization / name).unlink()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
