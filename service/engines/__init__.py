"""The embedded engines: a real PostgreSQL and Redis, started where no DATABASE_URL or REDIS_URL is given.

`lifetime.py` what everybody calls: `with engines(settings) as urls` · `databases.py` creating, cloning and
dropping databases · `postgres.py`, `redis.py` one engine each · `place.py` where their data lie ·
`account.py` as whom they run · `binaries.py` where their programs are · `process.py`, `locks.py` starting,
watching and stopping a server process.

Layout under `home/engines/` (or the folder that `home/engines.location` names): `postgres/` and `redis/` the
data, `*.alive` a lock held by the running server itself, `*.log`, `start.lock`, `users.lock`, `sockets`.
"""
