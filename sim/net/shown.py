"""Names and values of a net as people write and read them."""

from __future__ import annotations

from sim.net.expr import Call, Const, Distribution, Expr, Ref
from sim.net.model import Net, Says
from sim.units import NONE, TIME, Dimension, to_display


def spelled(ref: Ref) -> str:
    """Return a name as a file writes it."""
    if ref.space in ("fired", "work"):
        return f"{ref.name}.{ref.space}"
    return "time" if ref.space == "time" else ref.name.rpartition("/")[2]


def said(says: Says) -> str:
    """Return a text with its holes as a file writes it: ``supply at {supply:.1f}``."""
    pieces = []
    for piece in says:
        if isinstance(piece, str):
            pieces.append(piece.replace("{", "{{").replace("}", "}}"))
        else:
            name = spelled(piece.expr) if isinstance(piece.expr, Ref) else "..."
            pieces.append("{" + name + (f":{piece.format}" if piece.format else "") + "}")
    return "".join(pieces)


_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
_INFIX = {**_SIGNS, **_COMPARISONS, "and": "and", "or": "or"}


def formula(expr: Expr | Distribution) -> str:
    """Return an expression that nobody wrote, with every operation in brackets.

    Its numbers are those of the net: seconds, metres, and the numbers of labels.
    """
    if isinstance(expr, Const):
        return f"{expr.value:.6g}"
    if isinstance(expr, Ref):
        return spelled(expr)
    args = [formula(arg) for arg in expr.args]
    if isinstance(expr, Distribution):
        return f"{expr.kind}({', '.join(args)})"
    return _operation(expr, args)


def _operation(call: Call, args: list[str]) -> str:
    if call.op in _INFIX:
        return "(" + f" {_INFIX[call.op]} ".join(args) + ")"
    if call.op == "select":
        condition, yes, no = args
        return f"({yes} if {condition} else {no})"
    prefix = {"neg": "-", "not": "not "}.get(call.op)
    if prefix:
        return f"({prefix}{args[0]})"
    return f"({args[0]} ** 2)" if call.op == "square" else f"{call.op}({', '.join(args)})"


def shown(net: Net, ref: Ref, value: float) -> float | str:
    """Return the value of a name: a label, or a number in days, kilometres, persons, tonnes."""
    return shown_as(net, value, *kind_of(net, ref))


def shown_as(net: Net, value: float, dimension: Dimension, is_label: bool) -> float | str:
    """Return a value of a known kind, as :func:`shown` does."""
    if is_label and value.is_integer() and 0 <= value < len(net.labels):
        return net.labels[int(value)]
    return to_display(value, dimension)


def kind_of(net: Net, ref: Ref) -> tuple[Dimension, bool]:
    """Return the dimension of a named value, and whether it is a label."""
    if ref.space == "time":
        return TIME, False
    if ref.space == "variable":
        variable = next(v for v in net.variables if v.name == ref.name)
        return variable.dimension, variable.kind == "enumeration"
    if ref.space == "input":
        given = next(i for i in net.inputs if i.name == ref.name)
        return given.dimension, bool(given.labels)
    if ref.space == "definition":
        definition = next(d for d in net.definitions if d.name == ref.name)
        return definition.dimension, definition.is_label
    if ref.space == "work":
        return net.transitions[net.transition_numbers[ref.name]].clock.work_dimension, False
    if ref.space == "draw":
        transition, _, name = ref.name.rpartition("/")
        owner = net.transitions[net.transition_numbers[transition]]
        return next(d for d in owner.draws if d.name == name).dimension, False
    return NONE, False
