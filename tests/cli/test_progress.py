"""Progress: a plain line every ten seconds, or nothing."""

from sim.cli import progress


def test_a_line_every_ten_seconds_with_the_time_left(capsys):
    clock = {"now": 0.0}
    update = progress.lines("homs", now=lambda: clock["now"])
    for now, done in ((3.0, 100), (10.0, 250), (12.0, 300), (20.5, 500), (31.0, 1_000)):
        clock["now"] = now
        update(done, 1_000)
    assert capsys.readouterr().err.splitlines() == [
        "homs: 250 of 1,000, about 30 s left",
        "homs: 500 of 1,000, about 20 s left",
    ]


def test_quiet_is_quiet(capsys):
    with progress.progress("homs", quiet=True) as update:
        update(1, 2)
    assert capsys.readouterr() == ("", "")


def test_where_there_is_no_terminal_there_is_no_bar(capsys):
    with progress.progress("homs\x1b[2J", quiet=False) as update:
        update(1, 2)
    assert capsys.readouterr() == ("", "")
