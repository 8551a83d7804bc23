"""One module per framework, each written the way that framework's documentation recommends.

Every module offers the same builders, and every application the same answers:

- `build_main()`: all the ordinary workloads;
- `build_routes(count)`: `count` routes `/area<i>/items/{item_id}`;
- `build_middleware()`: `/plaintext` behind five middleware that add one header each;
- `build_typed(count)`: `count` routes `POST /items<i>/{item_id}`, each with its own model in and out.
"""
