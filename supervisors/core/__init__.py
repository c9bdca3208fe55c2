"""The rules of supervision as values and pure functions: no task, no clock and no chance in here, and no Trio.

- What is declared: `specs`, `backoff`, `health`; checked by `resolve`, put into groups by `grouping`.
- What follows for a whole tree: `plan` (orders and edges), `budget` (deadlines of a shutdown).
- What is the case: `states`, `events`, `world` (on persistent mappings, `versions`); `status` and `explain` for people.
- What follows from what: `reducer`, with `stopping` and `failing`, on a `draft` of the next world; `happenings` is the
  language in which it talks with whoever carries it out.

A value is a named tuple where it takes what it is given, and an attrs class where it checks that or is a collection of
its own: to make an attrs class takes five times as long, and every program that imports the library waits for that.
"""
