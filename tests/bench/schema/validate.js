/*
 * validate.js - ajv, measured; measure/contest.py tells what is said
 *
 *     node validate.js SCHEMA... -- DOCUMENT...
 *
 * The module is looked for in the working directory.
 */
"use strict";

const fs = require("fs");
const readline = require("readline");
const { createRequire } = require("module");

const here = createRequire(process.cwd() + "/");
const Ajv = here("ajv/dist/2020");

const given = process.argv.slice(2);
const border = given.indexOf("--");
const ajv = new Ajv({ strict: false, validateFormats: false });
const checks = given
    .slice(0, border)
    .map((path) => ajv.compile(JSON.parse(fs.readFileSync(path, "utf8"))));
const texts = given.slice(border + 1).map((path) => fs.readFileSync(path));
const values = texts.map((text) => JSON.parse(text));

/* One schema is the usual case, and needs no loop. */
const [first, ...others] = checks;
const valid =
    others.length === 0
        ? first
        : (value) => first(value) && others.every((check) => check(value));

function checkAll(begin, end) {
    let sum = 0;
    for (let i = begin; i < end; i++) sum += valid(values[i]) ? 1 : 0;
    return sum;
}

function parseAll(begin, end) {
    let sum = 0;
    for (let i = begin; i < end; i++)
        sum += valid(JSON.parse(texts[i].toString())) ? 1 : 0;
    return sum;
}

function time(pass, begin, count, milliseconds) {
    const wanted = BigInt(milliseconds) * 1000000n;
    let passes = 0, batch = 1, took = 0n;
    const start = process.hrtime.bigint();
    while (took < wanted) {
        for (let i = 0; i < batch; i++) pass(begin, begin + count);
        passes += batch;
        took = process.hrtime.bigint() - start;
        /* some twenty looks at the clock */
        batch = Math.max(
            1, Math.floor((passes * milliseconds * 1e6) / Number(took) / 20));
    }
    return (Number(took) / passes / count).toFixed(1);
}

function answer(words) {
    switch (words[0]) {
    case "version":
        return here("ajv/package.json").version +
            ", Node " + process.version.slice(1);
    case "verdicts":
        return values.map((value) => (valid(value) ? "1" : "0")).join("");
    case "check":
        return time(checkAll, ...words.slice(1).map(Number));
    case "parse":
        return time(parseAll, ...words.slice(1).map(Number));
    default:
        return "?";
    }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    process.stdout.write(answer(line.split(" ")) + "\n");
});
