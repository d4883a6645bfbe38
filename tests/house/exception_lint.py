"""Finds what swallows an exception: an `except`, or a `suppress`, after which nobody can tell that anything happened.

An `except` answers when every path through it raises, returns, ends the process, hands the error on to something, or
sets what is looked at afterwards; or when what follows its `try` raises. `pass`, a bare `continue` and a line to the
log or to people do not. A call that is told to ignore errors is as a `suppress`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# To say it is not to answer it: nothing that follows can know.
SAYS = frozenset(
    ("print", "say", "echo", "secho", "debug", "info", "warning", "error", "exception", "critical", "log")
)
# click's `fail` raises.
ENDS = frozenset(("exit", "_exit", "kill", "fail"))
IGNORES = frozenset(("ignore_errors", "return_exceptions"))


class Swallowed(NamedTuple):
    """Where an exception ends without an answer: the function, and what is caught there."""

    function: str
    caught: str
    line: int


def swallowed(source: str) -> list[Swallowed]:
    """Every exception that `source`, a module, swallows."""
    return sorted(_swallowed(ast.parse(source), (), ()), key=lambda each: each.line)


Function = ast.FunctionDef | ast.AsyncFunctionDef
Setting = ast.Assign | ast.AnnAssign | ast.AugAssign
Scope = tuple[ast.AST, ...]


def _swallowed(node: ast.AST, scope: Scope, names: tuple[str, ...]) -> Iterator[Swallowed]:
    """Those below `node`, which lies in `scope` (the functions and loops round it) under these names."""
    if isinstance(node, Function | ast.ClassDef):
        names = (*names, node.name)
    if isinstance(node, Function | ast.While | ast.For | ast.AsyncFor | ast.Module):
        scope = (*scope, node)
    for handler in _unraised(node):
        if not _answers(handler.body, handler, scope):
            yield Swallowed(".".join(names), _text(handler.type), handler.lineno)
    if isinstance(node, ast.Call) and _called(node) == "suppress":
        yield Swallowed(".".join(names), ", ".join(map(ast.unparse, node.args)), node.lineno)
    if isinstance(node, ast.Call) and any(_is_told_to_ignore(each) for each in node.keywords):
        yield Swallowed(".".join(names), f"whatever {_called(node)} meets", node.lineno)
    for child in ast.iter_child_nodes(node):
        yield from _swallowed(child, scope, names)


def _unraised(node: ast.AST) -> Iterator[ast.ExceptHandler]:
    """The handlers of the statements right below `node`, but for a `try` after which comes a `raise` in any case."""
    for _, block in ast.iter_fields(node):
        if isinstance(block, list):
            for place, each in enumerate(block):
                if isinstance(each, ast.Try | ast.TryStar) and not any(
                    isinstance(later, ast.Raise) for later in block[place:]
                ):
                    yield from each.handlers


def _is_told_to_ignore(given: ast.keyword) -> bool:
    return given.arg in IGNORES and not (isinstance(given.value, ast.Constant) and not given.value.value)


def _text(caught: ast.expr | None) -> str:
    if caught is None:
        return "everything"
    return ", ".join(map(ast.unparse, caught.elts)) if isinstance(caught, ast.Tuple) else ast.unparse(caught)


def _answers(body: Sequence[ast.stmt], handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Whether whichever path is taken through `body` gives an answer."""
    return any(_answer(each, handler, scope) for each in body)


def _answer(statement: ast.stmt, handler: ast.ExceptHandler, scope: Scope) -> bool:
    match statement:
        case ast.Raise() | ast.Return():
            return True
        case ast.If():
            return all(_answers(each, handler, scope) for each in (statement.body, statement.orelse))
        case ast.With() | ast.AsyncWith():
            return _answers(statement.body, handler, scope)
        case ast.Match():
            return all(_answers(each.body, handler, scope) for each in statement.cases)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return _is_looked_at(statement, handler, scope) or _hands_on(statement, handler)
        case _:
            return _hands_on(statement, handler)


def _hands_on(statement: ast.stmt, handler: ast.ExceptHandler) -> bool:
    """Whether the statement ends the process, or gives the error to something that does more than say it."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    if any(_called(call) in ENDS for call in calls):
        return True
    said = {id(node) for call in calls if _called(call) in SAYS for node in ast.walk(call)}
    return any(
        isinstance(node, ast.Name) and node.id == handler.name
        for call in calls
        if _called(call) not in SAYS
        for given in (*call.args, *(each.value for each in call.keywords))
        for node in ast.walk(given)
        if id(node) not in said
    )


def _is_looked_at(statement: Setting, handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Whether what is set is read after the handler, or in a loop on the next way round; what an object or a
    container keeps is read by others."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    set_here = {node.id for each in targets for node in ast.walk(each) if isinstance(node, ast.Name)}
    if any(not isinstance(each, ast.Name | ast.Tuple) for each in targets):
        return True
    round_it = scope[-1]
    function = next(each for each in reversed(scope) if isinstance(each, Function | ast.Module))
    end = handler.end_lineno or handler.lineno
    begins = getattr(round_it, "lineno", 0) if round_it is not function else end + 1
    return any(
        node.id in set_here and node.lineno >= begins and not handler.lineno <= node.lineno <= end
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _called(call: ast.Call) -> str:
    """The last name of what is called."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
