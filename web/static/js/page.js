// What a page can do besides working without scripts: keys, clocks, copying, and asking whether more waits.

import { watchClocks } from "./clocks.js";
import { watchKeys } from "./keys.js";
import { watchDecision } from "./deciding.js";
import { watchAttention } from "./attention.js";
import { watchPace } from "./pace.js";
import { watchNews } from "./news.js";
import { watchPanels } from "./panels.js";
import { watchCopying } from "./copying.js";
import { watchQueue } from "./waiting.js";

document.querySelector("[data-focus]")?.focus();
watchClocks();
watchKeys();
watchDecision();
watchAttention();
watchPace();
watchNews();
watchPanels();
watchCopying();
watchQueue();
