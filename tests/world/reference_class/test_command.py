"""``python -m sim.world.reference_class fit CSV``."""

import json
from functools import partial

import pytest

from sim.world.reference_class import products
from sim.world.reference_class.__main__ import main
from sim.world.reference_class.fit import fit

COLUMNS = "case,place,date_contested,days,end,momentum_7d,big_300k"
ROWS = (
    "one,a,2016-10-03,5,fell,1,1",
    "two,b,2016-10-03,9,broken_off,1,0",
    "two,c,2016-10-03,0,fell,0,0",
)


@pytest.fixture
def table(tmp_path):
    def write(*rows: str) -> str:
        path = tmp_path / "attacks.csv"
        path.write_text("\n".join([COLUMNS, *rows, ""]))
        return str(path)

    return write


def test_it_writes_base_rates_fit_and_draws(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(products, "ALTERNATIVES", ())
    monkeypatch.setattr(products, "fit", partial(fit, n_draws=4))
    monkeypatch.setattr(products, "FEW", 10)
    attacks = table(*ROWS, ROWS[0].replace("one", "syria_2024"))
    assert main(["fit", attacks, "--out", str(tmp_path / "made")]) == 0
    written = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert written == ["base_rates.json", "draws.csv", "fit.json"]
    assert sorted(capsys.readouterr().out.split()) == [str(tmp_path / "made" / n) for n in written]
    kept = json.loads((tmp_path / "made" / "fit.json").read_text())
    assert (kept["rows"], kept["cases"]) == (3, ["one", "two"])
    # Nobody without momentum stood the first day, so nothing is said of such places later on.
    assert kept["not_told_apart"][0]["no_momentum_by_day_30"] is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            (ROWS[0].replace("fell", "fel"),),
            "attacks.csv:2:20: error[bad-end]: end is 'fel'; "
            "expected one of fell, broken_off, administrative; did you mean 'fell'?\n",
        ),
        (
            ROWS[:1],
            "attacks.csv: fewer than two cases with a place that stood day 0, "
            "but for syria_2024, syria_sna_sdf_2024\n",
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(table, tmp_path, capsys, rows, told):
    assert main(["fit", table(*rows), "--out", str(tmp_path / "made")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/{told}"
    assert not (tmp_path / "made").exists()


def test_a_file_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["fit", str(tmp_path / "none.csv")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/none.csv: No such file or directory\n"


def test_a_folder_that_cannot_be_is_told(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sim.world.reference_class.__main__.products", lambda rows, name: {"a": ""})
    assert main(["fit", table(*ROWS), "--out", table(*ROWS)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/attacks.csv: File exists\n"
