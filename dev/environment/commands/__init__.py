"""One module for each command of `dev/`; each has `main(arguments) -> exit code`."""
