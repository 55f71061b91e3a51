"""A stage for plays on real processes, of which nothing may be left behind."""

import pytest
from theatre import Stage


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.supervisor.stop()
    left = [life.process for life in stage.supervisor.lives.values() if life.process and life.process.join(0) is None]
    assert not left
    assert not stage.supervisor.scratch.exists()
