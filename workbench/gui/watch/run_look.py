"""How runs are told apart: the colour says the combination, the style of the line says the engine."""

from workbench.gui import theme, words
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.legend import Key

# The order in which the six colours are given out: those that stand out best on the surface come first, and what
# looks like the red of a fault comes last.
ORDER = {True: (2, 3, 5, 1, 0, 4), False: (0, 2, 1, 4, 3, 5)}


class Look:
    """Gives each combination its colour, in the order of the document and then of appearance."""

    def __init__(self) -> None:
        self._known: list[str] = []

    def begin(self, combinations: list[str]) -> None:
        """Colours are given to these first."""
        self._known = list(combinations)

    def token(self, combination: str) -> str:
        """The colour of a combination as `#RRGGBB`."""
        if combination not in self._known:
            self._known.append(combination)
        tokens = theme.tokens()
        order = ORDER[tokens.dark]
        return tokens.chart[order[self._known.index(combination) % len(order)]]

    def keys(self, runs: list[FollowedRun]) -> list[Key]:
        """The legend of some runs: each combination, and the styles if both engines are among them."""
        combinations = dict.fromkeys(run.state.combination for run in runs if run.state.combination)
        keys = [Key(name, self.token(name)) for name in combinations]
        engines = {run.state.engine for run in runs}
        if "simulated" in engines:
            grey = theme.tokens().text2
            if "real" in engines:
                keys.append(Key(engine_word("real"), grey))
            keys.append(Key(engine_word("simulated"), grey, dashed=True))
        return keys


def engine_word(engine: str) -> str:
    return words.say(f"watch.engine.{engine}") if engine in ("real", "simulated") else engine


def title(run: FollowedRun) -> str:
    """A run in a few words: `ring · real`, with its replication when it is not the first."""
    state = run.state
    if not state.combination:
        return run.name
    said = words.say("watch.state.place", combination=state.combination, engine=engine_word(state.engine))
    if state.replication:
        said += " · " + words.say("watch.results.replication", number=state.replication + 1)
    return said
