import "keyspace-wasm/elements";
