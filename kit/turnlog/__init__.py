"""The log of a turn: every door reads it, one process at a time writes it, before it sends.

`TurnLog` keeps the events of each turn under their sequence numbers; a writer whose fencing token is old is refused.
`Bulletin` tells the watchers of a thread what begins or changes in it.
"""
