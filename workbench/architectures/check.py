"""The check of a whole scenario: what the document, the stages and the architectures have to say about it, at once."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from workbench.architectures import registry
from workbench.catalogues.accelerators import ACCELERATORS
from workbench.document.problems import Problem
from workbench.document.scenario import Choice, Combination, Scenario
from workbench.document.text import Document, read
from workbench.stages import check as stages_check
