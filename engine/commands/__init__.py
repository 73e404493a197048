"""The subcommands of ``tsunagu``, by theme."""
