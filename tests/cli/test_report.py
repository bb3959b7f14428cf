"""``report``, and the reports that ``run`` and ``compare`` leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.cli.main import main
from sim.ensemble import store
from sim.errors import Exit
from sim.report import kept

pytestmark = pytest.mark.pictures


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pictures", "pictures_of_differences"):
        monkeypatch.setattr(kept, name, lambda *_: [])


def reports(folder: Path) -> list[Path]:
    return sorted((folder / "results").rglob(store.REPORT))


def test_a_run_leaves_a_report_and_report_makes_it_again(folder, capsys):
    assert main(["run", "bridge.yaml", "-n", "200"]) == Exit.DONE
    assert "with a report" in capsys.readouterr().err
    (path,) = reports(folder)
    first = path.read_bytes()
    path.unlink()
    assert main(["report", "bridge"]) == Exit.DONE
    assert capsys.readouterr().out == f"{path.relative_to(folder)}\n"
    assert path.read_bytes() == first


def test_a_report_that_is_there_is_left_alone_until_the_text_changes(folder, capsys):
    run = ["run", "bridge.yaml", "-n", "200"]
    assert main(run) == Exit.DONE
    (path,) = reports(folder)
    path.write_text("mine", encoding="utf-8")
    assert main(run) == Exit.DONE
    assert path.read_text(encoding="utf-8") == "mine"
    file = folder / "bridge.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# Another word.\n", encoding="utf-8")
    assert main(run) == Exit.DONE
    assert "A bridge under fire" in path.read_text(encoding="utf-8")


def test_no_pictures_is_no_report_either(folder):
    assert main(["run", "bridge.yaml", "-n", "200", "--no-pictures"]) == Exit.DONE
    assert reports(folder) == []


def test_a_comparison_leaves_a_report(folder, capsys):
    arguments = ["compare", "bridge.yaml", "--variant", "safe", "-n", "200"]
    assert main([*arguments, "--json"]) == Exit.DONE
    json.loads(capsys.readouterr().out)
    (path,) = reports(folder)
    assert path.parent.parent.name == "comparisons"
    assert "With safe: " in path.read_text(encoding="utf-8")


def test_its_place_as_json(folder, capsys):
    assert main(["run", "bridge.yaml", "-n", "50", "--quiet", "--json"]) == Exit.DONE
    capsys.readouterr()
    assert main(["report", "bridge", "--json"]) == Exit.DONE
    (path,) = reports(folder)
    assert json.loads(capsys.readouterr().out) == {"report": str(path.relative_to(folder))}


def test_variants_and_changes_are_those_of_the_run(folder, capsys):
    changed = ["--variant", "safe", "--set", "transitions.repair.after=2 days"]
    assert main(["run", "bridge.yaml", "-n", "50", *changed]) == Exit.DONE
    assert main(["report", "bridge"]) == Exit.DONE
    (path,) = reports(folder)
    text = path.read_text(encoding="utf-8")
    assert "variant <bdi>safe</bdi>" in text
    assert "--variant safe --set &#39;transitions.repair.after=2 days&#39;" in text


def test_what_extends_another_file_is_to_be_named(folder, capsys):
    text = "extends: bridge.yaml\ntitle: Another bridge\n"
    (folder / "other.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "other.yaml", "-n", "50", "--no-pictures"]) == Exit.DONE
    # Read from the result itself, the file that it extends is looked for where one is.
    (folder / "elsewhere").mkdir()
    (folder / "bridge.yaml").rename(folder / "elsewhere" / "bridge.yaml")
    (folder / "other.yaml").rename(folder / "elsewhere" / "other.yaml")
    capsys.readouterr()
    assert main(["report", "other"]) == Exit.BAD_INPUT
    assert "name it with --scenario" in capsys.readouterr().err
    assert main(["report", "other", "--scenario", "elsewhere/other.yaml"]) == Exit.DONE
    assert "Another bridge" in reports(folder)[0].read_text(encoding="utf-8")


def test_another_scenario_is_refused(folder, capsys):
    assert main(["run", "bridge.yaml", "-n", "50", "--no-pictures"]) == Exit.DONE
    assert main(["report", "bridge", "--scenario", "endless.yaml"]) == Exit.BAD_INPUT
    assert "was run from another scenario" in capsys.readouterr().err
    assert reports(folder) == []


def test_a_folder_that_takes_nothing_costs_the_report_alone(folder, capsys, monkeypatch):
    def refuses(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "report", refuses)
    assert main(["run", "bridge.yaml", "-n", "50"]) == Exit.DONE
    assert "no report: No space left on device" in capsys.readouterr().err
