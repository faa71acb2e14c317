'use strict';

/**
 * The only places where napi-tls may behave differently from the node:tls beside it. A case that
 * matches is run as any other; its failure is then pending instead of an error, and an entry whose
 * cases no longer fail is an error itself.
 * @type {Array<{title: string|RegExp, reason: string}>} `title` is the full title of a case without
 *   its pairing ('topic title'), or a pattern for it
 */
module.exports = [];
