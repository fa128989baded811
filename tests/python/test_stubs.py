"""`_core.pyi` describes the compiled module: names, parameters and fields."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import voxtral_tts
from voxtral_tts import Stats
from voxtral_tts._native import _core

ROOT = Path(__file__).parents[2]
STUB = ast.parse((ROOT / "python/voxtral_tts/_core.pyi").read_text())


def public(names: list[str]) -> set[str]:
    return {name for name in names if not name.startswith("_") or name == "__version__"}


def parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def compiled_parameters(function: object) -> list[str]:
    """Parameter names in pybind11's signature line: `name(self: T, text: bytes) -> T`."""
    signature = (function.__doc__ or "").splitlines()[0]
    inside = signature[signature.index("(") + 1 : signature.rindex(") ->")]
    return re.findall(r"(\w+): ", inside)


def test_names_are_the_same() -> None:
    stubbed = [node.name for node in STUB.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    stubbed += [
        node.target.id
        for node in STUB.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    assert public(stubbed) == public(dir(_core))


def test_functions_take_the_same_parameters() -> None:
    functions = [node for node in STUB.body if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        assert parameters(function) == compiled_parameters(getattr(_core, function.name))


def test_methods_are_the_same() -> None:
    classes = [node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    assert classes
    for stub in classes:
        compiled = getattr(_core, stub.name)
        methods = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
        assert public(list(methods)) == public(
            [name for name in vars(compiled) if callable(getattr(compiled, name))]
        )
        for name, method in methods.items():
            assert parameters(method) == compiled_parameters(getattr(compiled, name)), name


def test_default_options_have_the_stubs_keys() -> None:
    (stub,) = [
        node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == "_Defaults"
    ]
    keys = [
        node.target.id
        for node in stub.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    assert keys == list(_core.default_options())


def test_stats_have_the_members_of_the_cpp_struct() -> None:
    header = (ROOT / "cpp/runner/include/voxtral_tts/stats.h").read_text()
    text = header[header.index("struct SynthesisStats") : header.index("struct LoadStats")]
    members = re.findall(r"^  \S+ (\w+) = ", text, re.MULTILINE)
    assert len(members) > 10
    assert [field.name for field in fields(Stats)] == members


def test_the_package_is_typed_and_exports_what_it_lists() -> None:
    assert (Path(voxtral_tts.__file__).parent / "py.typed").exists()
    for name in voxtral_tts.__all__:
        assert hasattr(voxtral_tts, name)
