"""Controllers: handlers of one kind in a class, which shares what they need and can be inherited from."""

from pydantic import BaseModel

from microframe import Application, Controller, NotFoundException, Provided, route


class Recipe(BaseModel):
    title: str
    minutes: int


class RecipeNotFound(NotFoundException):
    """There is no recipe for {title}."""


class Book:
    """All recipes, by title."""

    def __init__(self) -> None:
        self.recipes: dict[str, Recipe] = {}


app = Application(title="Recipes")
app.provide(Book, Book, scope="app")


@app.controller("/recipes", tags=["recipes"], raises=[RecipeNotFound])
class Recipes(Controller):
    """A new one is made for every request; what `__init__` asks for is injected."""

    def __init__(self, book: Provided[Book], longest: int = 600) -> None:
        self.book = book
        self.longest = longest

    @route.get()
    async def list_recipes(self) -> list[Recipe]:
        """Those that take no longer than `?longest=` minutes."""
        return [recipe for recipe in self.book.recipes.values() if recipe.minutes <= self.longest]

    @route.put("/{title}", status_code=201)
    async def write(self, title: str, recipe: Recipe) -> Recipe:
        self.book.recipes[title] = recipe
        return recipe

    @route.get("/{title}")
    async def read(self, title: str) -> Recipe:
        return self.find(title)

    @route.delete("/{title}", status_code=204)
    async def forget(self, title: str) -> None:
        self.find(title)
        del self.book.recipes[title]

    def find(self, title: str) -> Recipe:
        """Not marked with `@route`, so no request can reach it."""
        if title not in self.book.recipes:
            raise RecipeNotFound(title=title)
        return self.book.recipes[title]
