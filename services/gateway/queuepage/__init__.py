"""`/admin/queues`: the queues and their jobs as a page, rendered on the server, without scripts."""
