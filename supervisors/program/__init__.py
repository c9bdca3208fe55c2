"""A tree as a whole program: signals and exit status (`running`), and the command line (`cli`)."""
