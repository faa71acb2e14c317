'use strict';

/**
 * Usage: node test/abuse/attacker.js, as a child with IPC
 * Begins with { attack, to, options }, and says so; ends with { stop: true }.
 */

const { setMaxListeners } = require('node:events');
const os = require('node:os');
const attacks = require('./attacks');

// An attacker has processors of its own: here, it takes what the others leave.
os.setPriority(os.constants.priority.PRIORITY_LOW);

let controller;
process.on('message', async ({ attack, to, options }) => {
  if (attack) {
    controller = new AbortController();
    setMaxListeners(0, controller.signal);
    await attacks[attack](to, controller.signal, options);
  } else {
    controller.abort();
  }
  process.send('done');
});
process.on('disconnect', () => process.exit());
