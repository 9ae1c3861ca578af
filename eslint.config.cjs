// The rules that the OCA demands; Odoo's scripts are modules, but for what a product of one's own loads.
const globals = require("globals");
const jsdoc = require("eslint-plugin-jsdoc");

const DEMANDED = [
    "no-cond-assign",
    "no-const-assign",
    "no-debugger",
    "no-dupe-args",
    "no-dupe-class-members",
    "no-dupe-keys",
    "no-duplicate-case",
    "no-duplicate-imports",
    "no-empty-function",
    "no-empty-pattern",
    "no-eq-null",
    "no-eval",
    "no-ex-assign",
    "no-func-assign",
    "no-global-assign",
    "no-lonely-if",
    "no-return-assign",
    "no-undef",
    "no-unneeded-ternary",
    "no-unreachable",
    "no-unsafe-finally",
    "no-unused-expressions",
    "no-unused-labels",
    "prefer-const",
    "use-isnan",
];

const rules = Object.fromEntries(DEMANDED.map((name) => [name, "error"]));
Object.assign(rules, {
    "init-declarations": "error",
    "jsdoc/check-tag-names": "error",
    "jsdoc/check-types": "error",
    "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    // A module begins with what it is for; the functions that it needs may follow.
    "no-use-before-define": ["error", { functions: false }],
    "operator-assignment": ["error", "always"],
    "spaced-comment": ["error", "always"],
    strict: ["error", "function"],
});

module.exports = [
    {
        plugins: { jsdoc },
        languageOptions: {
            ecmaVersion: 2024,
            sourceType: "module",
            globals: { ...globals.browser, luxon: "readonly", odoo: "readonly" },
        },
        settings: { jsdoc: { preferredTypes: { object: "Object" } } },
        rules,
    },
    {
        files: ["*.cjs"],
        languageOptions: { sourceType: "commonjs", globals: globals.node },
        rules: { strict: "off" },
    },
    {
        // One function in somebody else's page, as small as can be.
        files: ["**/static/standing/*.js"],
        languageOptions: { sourceType: "script" },
        rules: { "init-declarations": "off", "no-use-before-define": "off", strict: "off" },
    },
];
