"""The systemd unit: systemd itself finds no fault in it, and little that is left open."""

import pathlib
import shutil
import subprocess

import pytest

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"
# Tenths: systemd's own scale goes from 0 (closed) to 100. Half a point of it is what bubblewrap needs to
# close what runs inside it far tighter than a unit could: namespaces, and mounts in them.
EXPOSURE = 20

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_systemd
def test_the_units_are_right(tmp_path):
    program = tmp_path / "larder"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (PACKAGING / "larder.service").read_text()
    assert "/usr/bin/larder" in text
    (tmp_path / "larder.service").write_text(text.replace("/usr/bin/larder", str(program)))
    shutil.copy(PACKAGING / "larder.socket", tmp_path)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / "larder.service", tmp_path / "larder.socket"],
                          capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "larder." in line]
    assert done.returncode == 0 and not complaints, done.stderr


@needs_systemd
def test_the_service_is_closed_where_it_can_be():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}",
                           PACKAGING / "larder.service"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overall exposure level" in done.stdout
