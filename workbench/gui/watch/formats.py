"""Numbers and times as the panels write them: short, with the unit, and standing still while they change."""


def compact(value: float, short_from: float = 9_999.5) -> str:
    """A number in at most six characters; from `short_from` on with k, M, G or T."""
    size = abs(value)
    if size >= short_from:
        for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
            if size >= factor * 0.99995:
                return f"{_trimmed(value / factor)}{letter}"
    if 0 < size < 0.001:
        return f"{value:.1e}"
    return _trimmed(value)


def _trimmed(value: float) -> str:
    size = abs(value)
    if size >= 100 or value == round(value):
        return f"{value:.0f}"
    text = f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"
    return text.rstrip("0").rstrip(".")


def clock(seconds: float) -> str:
    """A duration: `12 ms`, `3.4 s`, `2 min 05 s`, `1 h 20 min`."""
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.0995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def time_unit(span_s: float) -> tuple[float, str]:
    """The unit in which an axis of this length is read: its length in seconds, and its sign."""
    if span_s < 0.2:
        return 0.001, "ms"
    if span_s < 600:
        return 1.0, "s"
    return (60.0, "min") if span_s < 3 * 3600 else (3600.0, "h")
