"""OpenAI's HTTP API, as far as its official clients use it, over the same models, limits and turns as every door."""
