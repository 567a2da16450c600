// mdBook loads scripts as classic ones; the elements are a module. elements.js and
// keyspace_wasm_bg.wasm of the npm package keyspace-wasm lie in src/keyspace/.
import(new URL("keyspace/elements.js", document.currentScript.src));
