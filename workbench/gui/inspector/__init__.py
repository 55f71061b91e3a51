"""The inspector: forms made from the models of a document and from the parameters of stages.

`specs` reads what a field is from a model's JSON Schema, `fields` holds one editor for each sort of field, `form` joins
them, `sections` says what is shown of a scenario, `panel` is the widget.
"""
