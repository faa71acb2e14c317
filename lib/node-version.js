'use strict';

/** The release line of the running Node: what core does differs between them. */
module.exports = { nodeMajor: Number.parseInt(process.versions.node, 10) };
