"""Expressions to LLVM assembly text, one function body at a time.

Only numbered symbols, slot numbers and a few fixed constants ever enter the text: no character of a
scenario, and none of its numbers (those are data, in the table of constants), so that nets of one
shape share their code. Values are in static single assignment; equal parts are computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.net.expr import Call, Const, Expr, Ref

NO_GUARD, FAULTY = -1.0, -2.0
ZERO, _ONE = "0x0000000000000000", "0x3FF0000000000000"
_NO_GUARD, _FAULTY, INFINITY = "0xBFF0000000000000", "0xC000000000000000", "0x7FF0000000000000"

# nobuiltin: LLVM must not rewrite pow(x, 2) and the like, nor fold a call by its own arithmetic.
HEADER = "\n".join(
    [
        *(f"declare double @{name}(double) #0" for name in ("exp", "log")),
        "declare double @pow(double, double) #0",
        "declare double @fmod(double, double) #0",
        *(f"declare double @llvm.{name}.f64(double)" for name in ("sqrt", "floor", "ceil", "fabs")),
        "attributes #0 = { nobuiltin nounwind memory(none) }",
        "",
    ]
)

_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_COMPARISON = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_INTRINSICS = {"sqrt": "llvm.sqrt.f64", "floor": "llvm.floor.f64", "ceil": "llvm.ceil.f64"}
_INTRINSICS |= {"abs": "llvm.fabs.f64"}
_LOGICAL = ("and", "or", "not")
#: Operators dear enough to be jumped over where a guard is false.
_DEAR = frozenset({"exp", "log", "pow", "mod", "logistic", "sqrt"})


class Constants:
    """The table of a net's numbers; equal numbers share a place."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self._places: dict[str, int] = {}

    def place(self, value: float) -> int:
        """Return the place of a number."""
        key = value.hex()  # tells 0.0 from -0.0, and NaN is equal to itself
        if key not in self._places:
            self._places[key] = len(self.values)
            self.values.append(value)
        return self._places[key]

    def run(self, values: list[float]) -> int:
        """Append a run of numbers as it stands; return where it begins."""
        self.values += values
        return len(self.values) - len(values)


class Body:
    """One function ``i64 f(ptr state, ptr constants)``; it returns 1 after a fault, else 0."""

    def __init__(self, slots: Mapping[Ref, int], constants: Constants) -> None:
        self.slots, self.constants = slots, constants
        self.lines: list[str] = []
        self.n_values = 0
        self.n_blocks = 0
        self.block = "entry"
        self.values: dict[tuple[str, ...], str] = {}
        self.faults: list[str] = []

    # The text.

    def text(self, number: int) -> str:
        """Return the whole function, named by ``number``."""
        status = "0"
        if self.faults:
            any_fault = self.faults[0]
            for fault in self.faults[1:]:
                any_fault = self.emit(f"or i1 {any_fault}, {fault}")
            status = self.emit(f"zext i1 {any_fault} to i64")
        head = f"define i64 @f{number}(ptr noalias %S, ptr noalias %C) nounwind {{\nentry:"
        return "\n".join([head, *self.lines, f"  ret i64 {status}", "}", ""])

    def emit(self, instruction: str) -> str:
        """Append an instruction; return the name of its value."""
        name = f"%v{self.n_values}"
        self.n_values += 1
        self.lines.append(f"  {name} = {instruction}")
        return name

    def once(self, *parts: str) -> str:
        """Emit an instruction given in parts, unless its value is at hand."""
        if parts not in self.values:
            self.values[parts] = self.emit("".join(parts))
        return self.values[parts]

    def load(self, slot: int) -> str:
        """Return the value of a slot of the state."""
        key = ("slot", str(slot))
        if key not in self.values:
            self.values[key] = self._load("%S", slot)
        return self.values[key]

    def _load(self, base: str, place: int) -> str:
        pointer = self.emit(f"getelementptr double, ptr {base}, i64 {place}")
        return self.emit(f"load double, ptr {pointer}")

    def store(self, slot: int, value: str) -> None:
        """Set a slot of the state."""
        pointer = self.emit(f"getelementptr double, ptr %S, i64 {slot}")
        self.lines.append(f"  store double {value}, ptr {pointer}")
        self.values[("slot", str(slot))] = value

    def constant(self, value: float) -> str:
        """Return a number of the table of constants."""
        if value.hex() == "0x0.0p+0":
            return ZERO
        if value == 1.0:
            return _ONE
        place = self.constants.place(value)
        key = ("constant", str(place))
        if key not in self.values:
            self.values[key] = self._load("%C", place)
        return self.values[key]

    # Expressions.

    def number(self, expr: Expr) -> str:
        """Return the value of an expression, a double."""
        if isinstance(expr, Const):
            return self.constant(expr.value)
        if isinstance(expr, Ref):
            return self.load(self.slots[expr])
        if expr.op in _COMPARISON or expr.op in _LOGICAL:
            return self.once("uitofp i1 ", self.truth(expr), " to double")
        if expr.op == "select":
            return self.choice(self.truth(expr.args[0]), *map(self.number, expr.args[1:]))
        return self.operation(expr.op, [self.number(arg) for arg in expr.args])

    def truth(self, expr: Expr) -> str:
        """Return whether the value of an expression is other than 0, an i1."""
        if isinstance(expr, Const):
            return "false" if expr.value == 0.0 else "true"
        if isinstance(expr, Call) and expr.op in _COMPARISON:
            a, b = (self.number(arg) for arg in expr.args)
            return self.compare(_COMPARISON[expr.op], a, b)
        if isinstance(expr, Call) and expr.op in _LOGICAL:
            first, *rest = (self.truth(arg) for arg in expr.args)
            if expr.op == "not":
                return self.once("xor i1 ", first, ", true")
            for other in rest:
                first = self.once(f"{expr.op} i1 ", first, ", ", other)
            return first
        return self.compare("une", self.number(expr), ZERO)

    def compare(self, how: str, a: str, b: str) -> str:
        """Return a comparison of two doubles, an i1."""
        return self.once(f"fcmp {how} double ", a, ", ", b)

    def choice(self, condition: str, yes: str, no: str) -> str:
        """Return ``yes`` if the condition holds, else ``no``."""
        return self.once("select i1 ", condition, ", double ", yes, ", double ", no)

    def operation(self, op: str, args: list[str]) -> str:
        """Return an operator's value; the rules are those of :mod:`sim.ieee`."""
        if op == "add":
            total = args[0]
            for other in args[1:]:
                total = self.binary("fadd", total, other)
            return total
        if op in ("min", "max"):
            best = args[0]
            for other in args[1:]:
                best = self.extreme(op, best, other)
            return best
        if op in _ARITHMETIC:
            return self.binary(_ARITHMETIC[op], *args)
        if op == "square":
            return self.binary("fmul", args[0], args[0])
        if op == "neg":
            return self.once("fneg double ", args[0])
        if op == "clip":
            return self.extreme("min", self.extreme("max", args[0], args[1]), args[2])
        if op == "logistic":
            grown = self.called("exp", self.once("fneg double ", args[0]))
            return self.binary("fdiv", _ONE, self.binary("fadd", _ONE, grown))
        if op == "mod":
            return self.modulo(*args)
        if op == "pow":
            return self.once("call double @pow(double ", args[0], ", double ", args[1], ")")
        return self.called(_INTRINSICS.get(op, op), args[0])

    def binary(self, instruction: str, a: str, b: str) -> str:
        """Return an arithmetic instruction's value."""
        return self.once(f"{instruction} double ", a, ", ", b)

    def extreme(self, op: str, a: str, b: str) -> str:
        """Return ``a if a < b else b`` (or ``>``), the rule of every engine."""
        return self.choice(self.compare("olt" if op == "min" else "ogt", a, b), a, b)

    def called(self, function: str, x: str) -> str:
        """Return a function of one double."""
        return self.once(f"call double @{function}(double ", x, ")")

    def modulo(self, a: str, b: str) -> str:
        """Return the remainder with the sign of b."""
        rest = self.once("call double @fmod(double ", a, ", double ", b, ")")
        rest_below = self.compare("olt", rest, ZERO)
        signs_differ = self.once("xor i1 ", rest_below, ", ", self.compare("olt", b, ZERO))
        moved = self.once("and i1 ", self.compare("une", rest, ZERO), ", ", signs_differ)
        return self.choice(moved, self.binary("fadd", rest, b), rest)

    # Parts of a net.

    def fault_if(self, condition: str) -> None:
        """Make the function report a fault where the condition holds."""
        if condition != "false":
            self.faults.append(condition)

    def checked(self, expr: Expr) -> str:
        """Return the value of an expression; NaN is a fault."""
        value = self.number(expr)
        if not _is_logical(expr) and not isinstance(expr, Const):
            self.fault_if(self.compare("uno", value, value))
        return value

    def checked_truth(self, expr: Expr) -> str:
        """Return the truth of an expression, an i1; NaN is a fault."""
        if not _is_logical(expr) and not isinstance(expr, Const):
            value = self.number(expr)
            self.fault_if(self.compare("uno", value, value))
        return self.truth(expr)

    def as_number(self, truth: str) -> str:
        """Return an i1 as 0.0 or 1.0."""
        return self.once("uitofp i1 ", truth, " to double")

    def pace(self, guard: Expr, pace: Expr) -> str:
        """Return the pace of a clock, ``NO_GUARD`` if its guard is false, ``FAULTY`` if it is one.

        The caller raises the fault: whether clocks are looked at at all is known only after
        ``stop`` has been.
        """
        if _is_logical(guard) or isinstance(guard, Const):
            guard_is_nan = "false"
        else:
            value = self.number(guard)
            guard_is_nan = self.compare("uno", value, value)
        holds = self.truth(guard)
        if holds == "false":
            return _NO_GUARD
        if holds != "true" and _is_dear(pace):
            burning = self.only_if(holds, lambda: self.sound_pace(pace), otherwise=_NO_GUARD)
        else:
            burning = self.choice(holds, self.sound_pace(pace), _NO_GUARD)
        return self.choice(guard_is_nan, _FAULTY, burning) if guard_is_nan != "false" else burning

    def sound_pace(self, pace: Expr) -> str:
        """Return the pace, ``FAULTY`` if it is negative, infinite or NaN."""
        value = self.number(pace)
        if isinstance(pace, Const):
            return value
        at_least_0 = self.compare("oge", value, ZERO)
        sound = self.once("and i1 ", at_least_0, ", ", self.compare("olt", value, INFINITY))
        return self.choice(sound, value, _FAULTY)

    def only_if(self, condition: str, then: Callable[[], str], otherwise: str) -> str:
        """Compute a value in a block of its own, entered only where the condition holds."""
        before, known = self.block, dict(self.values)
        self.n_blocks += 2
        inside, after = f"b{self.n_blocks - 1}", f"b{self.n_blocks}"
        self.lines += [f"  br i1 {condition}, label %{inside}, label %{after}", f"{inside}:"]
        self.block = inside
        value = then()
        self.lines += [f"  br label %{after}", f"{after}:"]
        came_from, self.block, self.values = self.block, after, known
        return self.emit(f"phi double [ {value}, %{came_from} ], [ {otherwise}, %{before} ]")


def _is_logical(expr: Expr) -> bool:
    """Return whether the value is 0 or 1 by construction, so never NaN."""
    return isinstance(expr, Call) and (expr.op in _COMPARISON or expr.op in _LOGICAL)


def _is_dear(expr: Expr) -> bool:
    if not isinstance(expr, Call):
        return False
    return expr.op in _DEAR or any(_is_dear(arg) for arg in expr.args)
