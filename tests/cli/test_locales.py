"""UTF-8 and a decimal point, whatever the locale."""

import json
import subprocess

import pytest

from tests.cli.conftest import environment, start

PLAIN = {"PYTHONIOENCODING": None, "PYTHONUTF8": None, "LANG": None, "LC_NUMERIC": None}
LOCALES = {
    "C": {**PLAIN, "LC_ALL": "C"},
    "C without UTF-8": {**PLAIN, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "POSIX": {**PLAIN, "LC_ALL": "POSIX"},
    "a comma": {**PLAIN, "LC_ALL": "de_DE.UTF-8"},
    "none of that name": {**PLAIN, "LC_ALL": "xx_YY.UTF-8"},
}


def installed() -> str:
    return subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout


@pytest.fixture(params=LOCALES, ids=str)
def given(request):
    if "de_DE" in str(LOCALES[request.param]) and "de_DE.utf8" not in installed():
        pytest.skip("no de_DE.UTF-8 here")
    return environment(**LOCALES[request.param])


@pytest.fixture
def homs(folder):
    (folder / "حمص.yaml").write_text(
        "title: Homs, حمص\nclock: {horizon: 2.5 days, report: [1.5 days]}\n"
        "parameters: {hits: {uniform: [0.25/day, 1.5/day]}}\n"
        "variables: {city: {states: [held, fallen]}}\n"
        "transitions: {fall: {when: city == held, rate: hits, then: {city: fallen}}}\n"
        "outcomes: {falls: {when: city == fallen, label: Хомс}}\n",
        encoding="utf-8",
    )
    return folder


def test_every_locale_gives_the_same_numbers(given, homs):
    # Pictures are drawn under a strange locale in test_processes.py.
    arguments = ("run", "حمص.yaml", "-n", "50", "--json", "--no-pictures")
    process = start(*arguments, cwd=homs, env=given)
    out, _ = process.communicate()
    assert process.returncode == 0
    found = json.loads(out)
    assert found["horizon_days"] == 2.5
    assert found["outcomes"]["falls"]["label"] == "Хомс"


def test_every_locale_has_a_decimal_point_and_says_all(given, homs):
    process = start("explain", "حمص.yaml", cwd=homs, env=given)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "    horizon  2.5 days\n" in out
    assert "uniform: [0.25/day, 1.5/day]" in out
    assert "Хомс" in out or "\\u0425\\u043e\\u043c\\u0441" in out
    assert "Outcomes: what is asked ───" in out or "Outcomes: what is asked ---" in out


def test_every_locale_writes_the_same_starter(given, homs):
    process = start("new", "река", cwd=homs, env=given)
    process.communicate()
    assert process.returncode == 0
    text = (homs / "река.yaml").read_text(encoding="utf-8")
    assert text.startswith("# A starter")
