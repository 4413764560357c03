"""Files of the past: decisions, ground truth and group attributes, taken line by line, once each, however often it is interrupted.

``inspecting`` looks at the bytes, ``reading`` makes rows of them, ``fields`` says what columns mean and ``values`` what texts mean. ``past``, ``truths``
and ``groups`` take the lines of one kind each, the last two through ``telling``; ``running`` goes through a file and keeps how far it is; ``service``
has the verbs.
"""
