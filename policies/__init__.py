"""Say what should happen: read a policy, rule a proposal by it, and explain the ruling.

Everything here is pure: values in, values out, the same answer for the same question. It knows no database, no
socket, no clock and nothing of the audit log; it imports from the standard library, PyYAML, marshmallow and the CEL
engine alone. What is done about a ruling (cases, deadlines, storage) is governance's.
"""
