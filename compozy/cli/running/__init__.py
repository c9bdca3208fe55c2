"""What ``compozy run`` does: start one execution, show how it goes, print what it gives.

``session`` (one run, with Ctrl-C, from the request to the exit code), ``embedded`` and ``remote`` (the places where it
runs), ``sources`` (what the two have in common, and following an execution to its end), ``views`` (what is known of an
execution), ``sse`` and ``answers`` (what a server says, as our values), ``board`` (how it stands, change by change),
``lines`` and ``displays`` (progress on stderr), ``tables`` (its tasks as a table), ``results`` (the output on stdout).
"""
