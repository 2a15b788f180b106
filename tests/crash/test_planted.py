"""The patches of planted/ say what they have to, and still apply."""

import shutil

import pytest
from harness.command import Unusable
from harness.surroundings import TOP, cannot_run
from planted import PATCHES, command, git_apply, read
from scenarios import SCENARIOS

ALL = sorted(PATCHES.glob("*.patch"))

HEADER = """What: this
Run: crash CRASH_ONLY=full
Expect: lost
"""
DIFF = """
diff --git a/x b/x
--- a/x
+++ b/x
@@ -1 +1 @@
-1
+2
"""


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_patch(path):
    if shutil.which("git") is None:
        cannot_run("there is no git")
    read(path)
    # not below a repository: the paths are the source's
    assert git_apply(path, TOP, "--check") == ""


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_patch_names_what_there_is(path):
    run = read(path).run
    names = {scenario.name for scenario in SCENARIOS}
    env = dict(command(run).env)
    if "CRASH_ONLY" in env:
        assert env["CRASH_ONLY"] in names
    else:
        kind, name = run.split()
        assert kind == "unit"
        assert (TOP / "tests" / "unit" / f"test_{name}.c").exists()


def test_header(tmp_path):
    path = tmp_path / "it.patch"
    path.write_text(HEADER + DIFF)
    planted = read(path)
    assert (planted.name, planted.what) == ("it", "this")
    assert (planted.run, planted.expect) == ("crash CRASH_ONLY=full", "lost")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (DIFF, "no 'What:'"),
        (HEADER.replace("Expect", "Except") + DIFF, "no 'Expect:'"),
        # what is in the patch itself is not the header
        ("What: x\n" + DIFF + HEADER, "no 'Run:'"),
        (HEADER.replace("lost", "(") + DIFF, "Expect"),
        (HEADER.replace("crash", "crush") + DIFF, "neither"),
        (HEADER.replace("CRASH_ONLY", "ONLY") + DIFF, "not settings"),
        (HEADER.replace("=full", "") + DIFF, "not settings"),
    ],
)
def test_strange_header(tmp_path, text, complaint):
    path = tmp_path / "it.patch"
    path.write_text(text)
    with pytest.raises(Unusable, match=complaint):
        read(path)


def test_apply(tmp_path):
    path = tmp_path / "it.patch"
    path.write_text(HEADER + DIFF)
    root = tmp_path / "source"
    root.mkdir()
    (root / "x").write_text("1\n")
    assert git_apply(path, root, "--check") == ""
    assert git_apply(path, root) == ""
    assert (root / "x").read_text() == "2\n"
    assert "patch does not apply" in git_apply(path, root)
