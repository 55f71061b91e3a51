"""The kinds of stages by the name that a scenario uses: those of this package, and those of installed packages."""

from __future__ import annotations

from workbench.stages.bag_of_words import BagOfWords
from workbench.stages.base import Stage
from workbench.stages.csv_file import CsvFile
from workbench.stages.drift import Drift
from workbench.stages.embed import Embed
from workbench.stages.embed_items import EmbedItems
from workbench.stages.estimator import Estimator
from workbench.stages.evaluate import Evaluate
from workbench.stages.export import Export
from workbench.stages.installed import installed
from workbench.stages.language_model import TrainLanguageModel
from workbench.stages.latency import Latency
from workbench.stages.letters import Letters
from workbench.stages.map_rows import MapRows
from workbench.stages.open_model import OpenModel
from workbench.stages.parquet_file import ParquetFile, WriteParquet
from workbench.stages.pca import PrincipalComponents
from workbench.stages.predict import Predict
from workbench.stages.prepare import Prepare
from workbench.stages.python_function import PythonFunction
from workbench.stages.sample import Sample
from workbench.stages.save import Save
from workbench.stages.select import SelectFeatures
from workbench.stages.serve import Serve
from workbench.stages.shell import ShellCommand
from workbench.stages.sql import SqlQuery, WriteSql
from workbench.stages.stream import Stream
from workbench.stages.synthetic import Synthetic
from workbench.stages.texts import Texts
from workbench.stages.train import Train
from workbench.stages.train_networks import TrainCnn, TrainRecurrent, TrainTransformer

OWN: dict[str, type[Stage]] = {
    "csv": CsvFile,
    "parquet": ParquetFile,
    "sql": SqlQuery,
    "stream": Stream,
    "sample": Sample,
    "texts": Texts,
    "synthetic": Synthetic,
    "prepare": Prepare,
    "bag-of-words": BagOfWords,
    "letters": Letters,
    "select": SelectFeatures,
    "pca": PrincipalComponents,
    "embed": Embed,
    "embed-items": EmbedItems,
    "train": Train,
    "train-cnn": TrainCnn,
    "train-recurrent": TrainRecurrent,
    "train-transformer": TrainTransformer,
    "language-model": TrainLanguageModel,
    "estimator": Estimator,
    "evaluate": Evaluate,
    "map": MapRows,
    "save": Save,
    "export": Export,
    "serve": Serve,
    "open-model": OpenModel,
    "predict": Predict,
    "write-parquet": WriteParquet,
    "write-sql": WriteSql,
    "drift": Drift,
    "latency": Latency,
    "python": PythonFunction,
    "shell": ShellCommand,
}


STAGES: dict[str, type[Stage]] = OWN | installed("workbench.stages", Stage, OWN)


def kinds() -> tuple[str, ...]:
    """The names of all kinds of stages, in the order in which a palette shows them."""
    return tuple(STAGES)
