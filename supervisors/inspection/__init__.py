"""Looking at a tree: before it runs, while it runs, and afterwards. Pure functions of plans and events.

- `outline`: a plan as a text or plain values, from the `forecast` and the `advice`.
- `timeline`: how a start went.
- `replay`: the state at any event.
- `codec`: events and states as JSON.
"""
