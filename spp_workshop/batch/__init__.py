"""Documents for everyone: which are out of date, several made at a time, what came of each kept and told.

From the top: `summaries` decides which documents are made (`changes` tells which companies can read something
new), `making` works on several at a time, `publish` turns an executed notebook into files, and `kernels` runs
it in a fresh kernel, which `starter` has ready before it is asked for (`prompt_client` listens to it).
`manifest` notes what was made, `overview` is its page, and `progress` tells how far it is.
"""
