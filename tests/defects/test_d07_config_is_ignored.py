"""D7: every field of AppConfig changes what the application does; one test each, and none without."""
