"""How much ink a scan holds: a feature that a user adds in a function of their own."""


def run(table):
    pixels = [name for name in table.columns if name.startswith("pixel_")]
    return table.assign(ink=table[pixels].sum(axis=1))
