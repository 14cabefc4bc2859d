// Markup in scripts: `html` makes elements of a template, and every value in it becomes a text node or an attribute.

import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
