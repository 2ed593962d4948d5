// Everything here is an addition: each page works without it. The policy allows no inline script and no eval.
import './theme.js';
import './menus.js';
import './keys.js';
import './live.js';
import './once.js';
import './passkey.js';
