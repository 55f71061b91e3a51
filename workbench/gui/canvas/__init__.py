"""The canvas: a pipeline drawn as boxes and links, and the gestures that edit it.

`Canvas` (in `panel`) is the widget. Items draw, gestures turn the mouse into edits, `keyboard` does so for keys,
`rules` says what may be joined, `layered` arranges. Nothing here knows how a document is written or checked.
"""
