/** Reads `--name value` and `--name=value`; every name that is listed must be there. */
export const options = (...names) => {
  const given = {};
  const words = process.argv.slice(2);
  for (let index = 0; index < words.length; index += 1) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(words[index]) ?? [];
    if (name === undefined) throw new Error(`not an option: ${words[index]}`);
    given[name] = value ?? words[(index += 1)];
  }
  for (const name of names) if (given[name] === undefined) throw new Error(`missing option --${name}`);
  return given;
};
