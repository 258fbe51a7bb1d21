"""Pages hold no SQL and no arithmetic, import no ingest, and no SQL is put together from pieces."""

import ast
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "pages"
SCRIPTS = sorted(PAGES.glob("*/page.py"))
ALL = sorted(PAGES.rglob("*.py"))
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|DELETE\s+FROM|GROUP\s+BY|ORDER\s+BY)\b", re.S)
ARITHMETIC = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)


def _name(path: Path) -> str:
    return str(path.relative_to(PAGES))


def _texts(tree: ast.AST) -> list[str]:
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_no_sql_outside_sql_files(path: Path) -> None:
    for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
        assert not SQL.search(text), text


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_no_query_is_a_formatted_string(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if name in {"ask", "execute", "sql", "query"}:
                assert not any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in node.args)


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_a_page_does_no_arithmetic(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp):
            assert not isinstance(node.op, ARITHMETIC), f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"mean", "sum", "std", "median", "group_by", "agg", "rank"}


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_a_page_imports_no_ingest_and_no_network(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            assert name.split(".")[0] not in {"ingest", "requests", "httpx", "torch"}, name
    assert ":material/" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*ALL, PAGES.parent / "app.py"], ids=lambda path: path.name)
def test_files_stay_small(path: Path) -> None:
    limit = 40 if path.name == "app.py" else 300
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit
