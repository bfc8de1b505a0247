// Validates statements, one a line of standard input, as the LRS Learning Locker does.
const { readFileSync } = require("node:fs");
const validate = require("@learninglocker/xapi-validation").default;

for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
  const warnings = validate(JSON.parse(line));
  console.log(warnings.length ? `refused: ${JSON.stringify(warnings)}` : "valid");
}
