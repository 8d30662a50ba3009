"""The one place that reads the environment and builds things: settings, engines, web app, worker, CLI.

`settings.py` every setting, read once · `engines/` the PostgreSQL and Redis started when none is given ·
`commands/` the command line · `demo/` what `make demo` plays · `pages/` what a browser is shown ·
`signals.py` how a process ends · `french.py` words for people.
"""
