"""Long work: the web server notes jobs, worker processes do them, shard by shard.

The row in `jobs` is what counts: `service.start` writes it in the caller's own transaction. Workers hand it to their
queue (dbos, which the web server never imports), and every step can be done again without harm: docs/reliability.md.
"""
