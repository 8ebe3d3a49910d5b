"""Settled saves: the rules, and the watcher around them, by a clock that the test moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from modcache._watch import Settling, Watcher
from modcache._watch.settling import Signature
from modcache._watch.tree import Event


class Desk:
    """Files that exist only here, a clock, and what settling says to them."""

    def __init__(self, **files: int) -> None:
        self.now = 100.0
        self.files: dict[str, Signature | None] = {name: (size, 0, 1) for name, size in files.items()}
        self.settling = Settling(0.02, grace=0.25, patience=2.0, look=self.files.get)
        self.saves = 0

    def event(self, path: str, size: int | None, *, writing: bool = False) -> None:
        self.put(path, size)
        self.settling.note(path, self.now, writing=writing)

    def put(self, path: str, size: int | None) -> None:
        self.saves += 1
        self.files[path] = None if size is None else (size, self.saves, 1)

    def after(self, milliseconds: float) -> str:
        self.now += milliseconds / 1000
        return " ".join(sorted(self.settling.ready(self.now)))


def test_nothing_is_ready_before_it_settled() -> None:
    desk = Desk()
    desk.event("a", 5)
    assert [desk.after(0), desk.after(19), desk.after(2), desk.after(100)] == ["", "", "a", ""]
    assert not desk.settling


def test_each_event_begins_the_time_anew() -> None:
    desk = Desk()
    desk.event("a", 5)
    desk.after(15)
    desk.event("a", 6)
    assert [desk.after(15), desk.after(6)] == ["", "a"]


def test_files_saved_together_are_handed_out_together() -> None:
    desk = Desk()
    for name in "abc":
        desk.event(name, 5)
        assert desk.after(15) == ""
    assert desk.after(6) == "a b c"


def test_a_file_that_still_grows_without_an_event_is_not_ready() -> None:
    desk = Desk()
    desk.event("a", 5)
    desk.put("a", 9)
    assert [desk.after(21), desk.after(15), desk.after(6)] == ["", "", "a"]


def test_same_size_same_time_other_inode_is_a_change() -> None:
    desk = Desk()
    desk.event("a", 5)
    desk.files["a"] = (5, 1, 2)
    assert [desk.after(21), desk.after(21)] == ["", "a"]


def test_a_truncated_file_gets_a_grace_and_is_an_edit_once_it_is_filled() -> None:
    desk = Desk(a=5)
    desk.event("a", 0)
    assert desk.after(200) == ""
    desk.event("a", 7)
    assert [desk.after(19), desk.after(2)] == ["", "a"]


def test_a_file_emptied_on_purpose_is_handed_out_after_the_grace_and_then_is_known_to_be_empty() -> None:
    desk = Desk(a=5)
    desk.event("a", 0)
    assert [desk.after(249), desk.after(2)] == ["", "a"]
    desk.event("a", 0)
    assert desk.after(21) == "a"
    desk.event("a", 3)
    assert desk.after(21) == "a"
    desk.event("a", 0)
    assert desk.after(21) == ""


def test_a_file_that_is_renamed_away_and_written_anew_is_one_edit() -> None:
    desk = Desk(a=5)
    desk.event("a", None)
    assert desk.after(100) == ""
    desk.event("a", 6)
    assert [desk.after(21), desk.after(500)] == ["a", ""]


def test_a_deletion_is_handed_out_after_the_grace() -> None:
    desk = Desk(a=5)
    desk.event("a", None)
    assert [desk.after(249), desk.after(2)] == ["", "a"]


def test_a_rename_is_one_set_both_names_together() -> None:
    desk = Desk(old=5)
    desk.event("old", None)
    desk.event("new", 5)
    assert [desk.after(21), desk.after(230)] == ["", "new old"]


def test_a_file_that_is_open_for_writing_waits_for_its_closing() -> None:
    desk = Desk()
    desk.event("a", 5, writing=True)
    assert desk.after(100) == ""
    desk.event("a", 5)
    assert desk.after(21) == "a"


def test_a_file_that_is_never_closed_is_handed_out_after_the_grace() -> None:
    desk = Desk()
    desk.event("a", 5, writing=True)
    assert desk.after(251) == "a"


def test_a_file_that_never_rests_does_not_hold_up_the_others_for_ever() -> None:
    desk = Desk()
    desk.event("saved", 5)
    seen = []
    for size in range(200):
        desk.event("busy", size)
        seen.append(desk.after(15))
    assert [paths for paths in seen if paths] == ["saved"]
    assert 130 <= seen.index("saved") <= 135
    assert desk.after(21) == "busy"


def test_taking_does_not_wait() -> None:
    desk = Desk(a=5)
    desk.event("a", 0)
    assert desk.settling.take() == {"a"}
    assert not desk.settling


def test_due_says_when_to_ask_again() -> None:
    desk = Desk()
    assert desk.settling.due(desk.now) is None
    desk.event("a", 5)
    assert desk.settling.due(desk.now) == pytest.approx(0.02)
    desk.event("a", None)
    assert desk.settling.due(desk.now) == pytest.approx(0.25)
    desk.after(100)
    assert desk.settling.due(desk.now) == pytest.approx(0.15)


def test_asking_when_due_always_comes_to_an_end() -> None:
    desk = Desk()
    for name, size in (("a", 0), ("b", None), ("c", 7)):
        desk.event(name, size, writing=name == "c")
    steps = 0
    while (due := desk.settling.due(desk.now)) is not None:
        desk.after(due * 1000)
        steps += 1
    assert steps <= 3


class Told:
    """A source that says what the test says, and moves the clock where another would wait."""

    exact = True

    def __init__(self) -> None:
        self.now = 0.0
        self.script: list[list[Event]] = []
        self.closed = 0
        self.followed: list[tuple[str, ...]] = []

    def clock(self) -> float:
        return self.now

    def follow(self, roots: tuple[str, ...]) -> None:
        self.followed.append(roots)

    def wait(self, timeout: float | None) -> None:
        assert timeout is not None
        self.now += timeout

    def drain(self) -> list[Event]:
        return self.script.pop(0) if self.script else []

    def wake(self) -> None:
        raise AssertionError("nobody waits")

    def close(self) -> None:
        self.closed += 1


def test_a_watcher_waits_for_as_long_as_it_takes_and_no_longer(tmp_path: Path) -> None:
    told, path = Told(), tmp_path / "a.py"
    path.write_text("x = 1")
    told.script = [[], [Event(str(path), writing=True)], [Event(str(path))]]
    watcher = Watcher([str(tmp_path)], clock=told.clock, source=told)
    assert watcher.wait() == {str(path)}
    assert told.now == pytest.approx(1.27)  # an idle tick; the grace of a file being written, cut short; the settling
    assert watcher.wait(timeout=3) == frozenset()
    assert told.now == pytest.approx(4.27)
    watcher.close()
    watcher.close()
    assert (told.closed, list(watcher), watcher.wait()) == (1, [], frozenset())


def test_a_watcher_asks_again_which_folders_there_are(tmp_path: Path) -> None:
    told, folders = Told(), [str(tmp_path)]
    watcher = Watcher(lambda: folders, clock=told.clock, source=told)
    watcher.wait(timeout=2)
    assert told.followed == []
    folders.append(str(tmp_path / "more"))
    watcher.wait(timeout=2)
    assert told.followed == [(str(tmp_path), str(tmp_path / "more"))]
    watcher.close()


def test_a_link_is_told_by_its_name_and_by_what_it_stands_for(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("x = 1")
    link = tmp_path / "link.py"
    link.symlink_to("real.py")
    told = Told()
    told.script = [[Event(str(link))]]
    watcher = Watcher([str(tmp_path)], clock=told.clock, source=told)
    assert watcher.wait() == {str(link), str(tmp_path / "real.py")}
    watcher.close()
