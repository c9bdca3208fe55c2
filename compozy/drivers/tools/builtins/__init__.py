"""Built-in tools (``cp__*``): files below a root, allowed commands and guarded requests.

``compozy.domain.builtin_tools`` says what there is, ``settings`` what is allowed, ``tools`` runs them. Every path is
taken apart and opened one component after another (``paths``, ``root``), every command is looked up and its arguments
checked (``commands``, ``processes``), every address is checked when it is connected to (``addresses``, ``network``).
"""
