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
REPORTING_CALLS = frozenset(
    (
        "print",
        "say",
        "report",
        "print_line",
        "show_message",
        "print_table",
        "print_json",
        "echo",
        "secho",
        "debug",
        "info",
        "warning",
        "error",
        "exception",
        "critical",
        "log",
    )
)
# click's `fail` raises.
ENDING_CALLS = frozenset(("exit", "_exit", "kill", "fail"))
IGNORING_ARGUMENTS = frozenset(("ignore_errors", "return_exceptions"))


class SwallowedException(NamedTuple):
    """Where an exception ends without an answer: the function, and what is caught there."""

    function: str
    caught: str
    line: int


def find_swallowed(source: str) -> list[SwallowedException]:
    """Every exception that `source`, a module, swallows."""
    return sorted(_find_in_node(ast.parse(source), (), ()), key=lambda each: each.line)


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
AssignmentNode = ast.Assign | ast.AnnAssign | ast.AugAssign
Scope = tuple[ast.AST, ...]


def _find_in_node(node: ast.AST, scope: Scope, names: tuple[str, ...]) -> Iterator[SwallowedException]:
    """Those below `node`, which lies in `scope` (the functions and loops round it) under these names."""
    if isinstance(node, FunctionNode | ast.ClassDef):
        names = (*names, node.name)
    if isinstance(node, FunctionNode | ast.While | ast.For | ast.AsyncFor | ast.Module):
        scope = (*scope, node)
    for handler in _handlers(node):
        if not _every_path_handles(handler.body, handler, scope):
            yield SwallowedException(".".join(names), _caught_text(handler.type), handler.lineno)
    if isinstance(node, ast.Call) and _callee_name(node) == "suppress":
        yield SwallowedException(".".join(names), ", ".join(map(ast.unparse, node.args)), node.lineno)
    if isinstance(node, ast.Call) and any(_ignores_errors(each) for each in node.keywords):
        yield SwallowedException(".".join(names), f"whatever {_callee_name(node)} meets", node.lineno)
    for child in ast.iter_child_nodes(node):
        yield from _find_in_node(child, scope, names)


def _handlers(node: ast.AST) -> Iterator[ast.ExceptHandler]:
    """The handlers of the statements right below `node`, but for a `try` after which comes a `raise` in any case."""
    for _, block in ast.iter_fields(node):
        if isinstance(block, list):
            for place, each in enumerate(block):
                if isinstance(each, ast.Try | ast.TryStar) and not any(
                    isinstance(later, ast.Raise) for later in block[place:]
                ):
                    yield from each.handlers


def _ignores_errors(given: ast.keyword) -> bool:
    return given.arg in IGNORING_ARGUMENTS and not (isinstance(given.value, ast.Constant) and not given.value.value)


def _caught_text(caught: ast.expr | None) -> str:
    if caught is None:
        return "everything"
    return ", ".join(map(ast.unparse, caught.elts)) if isinstance(caught, ast.Tuple) else ast.unparse(caught)


def _every_path_handles(body: Sequence[ast.stmt], handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Whether whichever path is taken through `body` gives an answer."""
    return any(_handles(each, handler, scope) for each in body)


def _handles(statement: ast.stmt, handler: ast.ExceptHandler, scope: Scope) -> bool:
    match statement:
        case ast.Raise() | ast.Return():
            return True
        case ast.If():
            return all(_every_path_handles(each, handler, scope) for each in (statement.body, statement.orelse))
        case ast.With() | ast.AsyncWith():
            return _every_path_handles(statement.body, handler, scope)
        case ast.Match():
            return all(_every_path_handles(each.body, handler, scope) for each in statement.cases)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return _is_read_later(statement, handler, scope) or _passes_error_on(statement, handler)
        case _:
            return _passes_error_on(statement, handler)


def _passes_error_on(statement: ast.stmt, handler: ast.ExceptHandler) -> bool:
    """Whether the statement ends the process, or gives the error to something that does more than say it."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    if any(_callee_name(call) in ENDING_CALLS for call in calls):
        return True
    said = {id(node) for call in calls if _callee_name(call) in REPORTING_CALLS for node in ast.walk(call)}
    return any(
        isinstance(node, ast.Name) and node.id == handler.name
        for call in calls
        if _callee_name(call) not in REPORTING_CALLS
        for given in (*call.args, *(each.value for each in call.keywords))
        for node in ast.walk(given)
        if id(node) not in said
    )


def _is_read_later(statement: AssignmentNode, handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Whether what is set is read after the handler, or in a loop on the next way round; what an object or a
    container keeps is read by others."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    set_here = {node.id for each in targets for node in ast.walk(each) if isinstance(node, ast.Name)}
    if any(not isinstance(each, ast.Name | ast.Tuple) for each in targets):
        return True
    round_it = scope[-1]
    function = next(each for each in reversed(scope) if isinstance(each, FunctionNode | ast.Module))
    end = handler.end_lineno or handler.lineno
    begins = getattr(round_it, "lineno", 0) if round_it is not function else end + 1
    return any(
        node.id in set_here and node.lineno >= begins and not handler.lineno <= node.lineno <= end
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _callee_name(call: ast.Call) -> str:
    """The last name of what is called."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
