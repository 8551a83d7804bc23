"""Assembly: puts an application together, once: plugins, routes, mounts and the layers around them."""
