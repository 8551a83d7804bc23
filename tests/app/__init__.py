"""What a whole application does: routes, mounts, middleware, errors, sockets, plugins."""
