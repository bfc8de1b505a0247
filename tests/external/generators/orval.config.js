module.exports = {
  vorex: {
    input: { target: "openapi.json" },
    output: { target: "generated/orval.ts", client: "fetch", mode: "single" },
  },
};
