"""Hello: the smallest application that is worth calling one."""

from microframe import Application

app = Application(title="Hello")


@app.get("/")
async def hello(name: str = "world", times: int = 1) -> dict[str, list[str]]:
    """Greet: `/?name=Ada&times=2`."""
    return {"greetings": [f"Hello {name}!"] * times}
