"""The rules of the project that a machine can check."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.program import ROOT
from tests.sandbox.conftest import LONGEST_FIRST

SKIPPED = {".venv", ".sandbox", ".git", ".charts", ".hypothesis", ".pytest_cache", ".ruff_cache"}
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_INIT = 300, 25, 40
COMPOSITION_ROOT = 80
PRODUCT = ("charts", "clients", "components", "model", "policies", "preflight", "settings", "stack", "workshop")
"""The folders of the program and of the operator's command."""


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def sources() -> dict[str, str]:
    """Return the text of every Python file of the project, by its path."""
    paths = (path for path in ROOT.rglob("*.py") if not SKIPPED & set(path.relative_to(ROOT).parts))
    return {relative(path): path.read_text(encoding="utf-8") for path in sorted(paths)}


def read_sources(*tops: str) -> dict[str, str]:
    """Return the sources in some of the top folders."""
    return {path: text for path, text in sources().items() if path.split("/")[0] in tops}


def functions(text: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Yield each function with its length: the lines of its body, without docstring, comments and blank lines."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = range(first.lineno, (first.end_lineno or 0) + 1) if documented else range(0)
            body = (number for number in range(first.lineno, (node.end_lineno or 0) + 1) if number not in docstring)
            code = (lines[number - 1].strip() for number in body)
            yield node, sum(1 for line in code if line and not line.startswith("#"))


def test_imports_keep_the_contracts_of_pyproject() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


def test_no_file_is_too_long() -> None:
    lengths = {path: len(text.splitlines()) for path, text in sources().items()}

    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}
    assert lengths["__main__.py"] <= COMPOSITION_ROOT


def test_no_function_is_too_long() -> None:
    long = {
        f"{path}:{node.lineno} {node.name}": length
        for path, text in read_sources(*PRODUCT, "sandbox", "tests").items()
        if not path.startswith("tests/sandbox/")  # a scene on the real engine stays in one piece
        for node, length in functions(text)
        if length > (LONGEST_INIT if node.name == "__init__" and path.startswith("components/") else LONGEST_FUNCTION)
    }
    assert long == {}


COMPONENTS, PROGRAM = ("components",), (*PRODUCT, "__main__.py")


@pytest.mark.parametrize(
    ("tops", "pattern", "only", "why"),
    [
        (COMPONENTS, r"from __future__ import annotations", [], "it breaks the packaging of components"),
        (COMPONENTS, r"\bLiteral\b", [], "it breaks the packaging of components; a closed set is a StrEnum"),
        (COMPONENTS, r"ResourceOptions\.merge|\.merge\(", [], "with a parent in it, the grandparent gets the children"),
        (COMPONENTS, r"require_object", [], "settings/loading.py reads the configuration"),
        (COMPONENTS, r"pulumi\.export|import export", [], "only the composition root exports"),
        (COMPONENTS, r"deleted_with", [], "finalizers would be skipped"),
        (COMPONENTS, r"\.get\([^,()]+, (?![({[][)}\]]|app\b)", [], "a setting's default stands in settings/ alone"),
        (COMPONENTS, r"get_stack\(", [], "a component gets what it knows by its arguments"),
        (PROGRAM, r"pulumi\.Config\(|runtime\.config|import Config\b", ["settings/loading.py"], "one place reads it"),
        (PROGRAM, r"docker\.io/|ghcr\.io/|quay\.io/|:latest\b", ["model/images.py"], "versions.py names the images"),
    ],
)
def test_a_forbidden_text_is_in_no_file_but_the_one_that_the_design_names(
    tops: tuple[str, ...], pattern: str, only: list[str], why: str
) -> None:
    found = [path for path, text in read_sources(*tops).items() if re.search(pattern, text)]

    assert found == only, why


def classes(*bases: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the classes of the components that have one of the bases or, without any, all; each after its path."""
    for path, text in read_sources("components").items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and (not bases or set(map(ast.unparse, node.bases)) & {*bases}):
                yield path, node


def init_of(node: ast.ClassDef) -> ast.FunctionDef:
    return next(each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")


def test_every_component_registers_under_its_own_token_without_inputs_and_exactly_its_annotated_outputs_last() -> None:
    found = list(classes("ComponentResource"))
    assert len(found) > 5
    for path, node in found:
        area = "resources" if "/resources/" in path else path.split("/")[1].removesuffix(".py")
        token = f"linkerd-workshop:{'index' if area == 'cluster' else area}:{node.name}"
        first, last = init_of(node).body[0], init_of(node).body[-1]
        assert ast.unparse(first) == f"super().__init__('{token}', name, {{}}, opts)", path
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        annotated = {ast.unparse(each.target) for each in fields if ast.unparse(each.annotation).startswith("Output")}
        match last:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name("self"), "register_outputs"), [ast.Dict(keys)])):
                assert {ast.literal_eval(key) for key in keys if key} == annotated, path
            case _:
                pytest.fail(f"{path}: {ast.unparse(last)}")


def test_every_component_takes_name_args_and_opts() -> None:
    for path, node in classes("ComponentResource"):
        args = f"self, name: str, args: {node.name}Args, opts: ResourceOptions | None=None"
        assert ast.unparse(init_of(node).args) == args, path


def test_the_arguments_of_a_component_are_a_typeddict_or_extend_one() -> None:
    base = re.compile(r"TypedDict|\w+Args(\[\w+\])?|Generic\[\w+\]")
    for path, node in classes():
        if node.name.endswith("Args"):
            assert node.bases, path
            assert [each for each in map(ast.unparse, node.bases) if not base.fullmatch(each)] == [], path


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_every_python_package_is_pinned_exactly(path: Path) -> None:
    wanted = re.compile(r"-r requirements\.txt|[a-zA-Z0-9._-]+(\[[a-z,]+\])?==[0-9][0-9a-z.]*")
    lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]

    assert [line for line in lines if line and not wanted.fullmatch(line)] == []


def project_files() -> Iterator[tuple[str, str]]:
    """Yield path and text of every file that belongs to the project."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    for path in map(ROOT.joinpath, listed.stdout.splitlines()):
        if path.is_file():
            yield relative(path), path.read_text(encoding="utf-8", errors="ignore")


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    # Written apart, because this file is one of them.
    forbidden = ["pyp" + r"i\.org", "proxy" + r"\.golang", "npm" + r"js\.", "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]
    pattern = re.compile("|".join(forbidden))

    assert [path for path, text in project_files() if pattern.search(text)] == []


def test_every_file_that_is_left_to_make_acceptance_exists() -> None:
    known = {path.stem for path in (ROOT / "tests/sandbox").glob("test_*.py")}

    assert set(LONGEST_FIRST) - known == set()


HOOKS = {"makefile", "readable", "readinto", "ignore_aliases", "__all__"}
"""What libraries call."""


def decorators(node: ast.FunctionDef | ast.ClassDef) -> Iterator[ast.expr]:
    """Yield what a function or class is decorated by, without arguments."""
    yield from (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)


def definitions(tree: ast.Module) -> Iterator[str]:
    """Yield the names of a module's functions, classes and constants, and of its classes' methods."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and "app.command" not in map(ast.unparse, decorators(node)):
            yield node.name
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
    for owner in ast.walk(tree):
        methods = owner.body if isinstance(owner, ast.ClassDef) else []
        yield from (
            each.name for each in methods if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
        )


def test_every_definition_of_the_product_is_used_by_the_product() -> None:
    """A rule that nothing calls looks like a check and is none."""
    trees = {path: ast.parse(text) for path, text in sources().items() if not path.startswith("tests/")}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}

    unused = {
        f"{path}: {name}"
        for path, tree in trees.items()
        if not path.startswith("sandbox/")
        for name in definitions(tree)
        if name not in used | HOOKS
    }

    assert unused == set()
