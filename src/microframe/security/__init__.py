"""Security: the schemes a route can declare; they take credentials out of a request and describe themselves."""
