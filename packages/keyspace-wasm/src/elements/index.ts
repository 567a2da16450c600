/**
 * Redis in a page, by one script and one tag:
 *
 * ```html
 * <script type="module" src="keyspace-wasm/dist/elements.js"></script>
 * <keyspace-example>
 *   <pre>SET greeting hello
 * GET greeting</pre>
 * </keyspace-example>
 * ```
 */

import { KeyspaceCelery } from "./celery.js";
import { KeyspaceConsole } from "./console.js";
import { KeyspaceExample } from "./example.js";

export { KeyspaceCelery, KeyspaceConsole, KeyspaceExample };
export { page, type PageOptions } from "./session.js";

const ELEMENTS = {
  "keyspace-console": KeyspaceConsole,
  "keyspace-example": KeyspaceExample,
  "keyspace-celery": KeyspaceCelery,
};

// Where pages are rendered ahead there is no registry.
if (typeof customElements !== "undefined") {
  for (const [name, element] of Object.entries(ELEMENTS)) {
    if (customElements.get(name) === undefined) {
      customElements.define(name, element);
    }
  }
}
