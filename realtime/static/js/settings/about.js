// What the server says about itself; health and versions are two views of it.

import { Load } from "../load.js";
import { ask } from "../place.js";

export const about = new Load((given) => ask("api/v1/about", {}, { signal: given }));
