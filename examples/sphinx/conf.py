project = "Redis in Sphinx"
html_static_path = ["_static"]
# elements.js and keyspace_wasm_bg.wasm of the npm package keyspace-wasm lie in _static/keyspace/.
html_js_files = [("keyspace/elements.js", {"type": "module"})]
