"""No default of the world layer rests on the case that the flagship scenario is about."""

import pytest

from sim.world.mechanisms.registry import MECHANISMS
from sim.world.quantities import Default
from sim.world.reference_class.rows import HELD_OUT
from sim.world.specs import MODELS


def defaults() -> list[tuple[str, Default]]:
    found = []
    for model in [*MODELS.values(), *MECHANISMS]:
        for key, field in model.model_fields.items():
            value = field.default_factory() if field.default_factory else None
            if isinstance(value, Default):
                found.append((f"{model.__name__}.{key}", value))
    return found


def rests_on_what_is_held_out(default: Default) -> bool:
    return any(case in default.source for case in HELD_OUT)


@pytest.mark.parametrize(("key", "default"), defaults(), ids=lambda part: str(part)[:40])
def test_no_default_names_a_case_that_is_held_out(key, default):
    assert not rests_on_what_is_held_out(default)


def test_the_search_notices_one_and_has_something_to_search():
    assert rests_on_what_is_held_out(Default("1", "C", "falls of syria_2024"))
    assert sum(default.source == "reference class" for _, default in defaults()) >= 7
