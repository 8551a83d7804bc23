"""OpenAPI: the document that describes an application, and the pages that show it."""
