"""What every store in an SQL database does the same way: repositories, rows, migrations.

A driver brings a dialect, sessions and a way to run closures in transactions; it may take the place of a repository's
method where its database has something better. Nothing in here imports a database library.
"""
