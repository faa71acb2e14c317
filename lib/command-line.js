'use strict';

/** Options of the node command, from NODE_OPTIONS or its command line; "_" stands for "-" in a name. */

const words = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv].map(
  (word) => {
    const [name, ...value] = word.split('=');
    return {
      name: name.replaceAll('_', '-'),
      value: value.length > 0 ? value.join('=') : undefined,
    };
  },
);

/** @returns {boolean} whether `--name` is among the options */
function hasOption(name) {
  return words.some((word) => word.name === name);
}

/** @returns {string | undefined} the last value of `--name=value` or `--name value` */
function optionValue(name) {
  const i = words.findLastIndex((word) => word.name === name);
  return i < 0 ? undefined : (words[i].value ?? words[i + 1]?.name);
}

module.exports = { hasOption, optionValue };
