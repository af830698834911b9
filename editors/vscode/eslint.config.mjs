import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["dist/", "dist-test/", "node_modules/"] },
    {
        files: ["src/**/*.ts", "test/**/*.ts", "e2e/**/*.ts"],
        extends: [tseslint.configs.strictTypeChecked],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            // Numbers and paths in messages are what messages are for.
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            // `node:test` keeps the promises of its own.
            "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: [{ from: "package", name: ["test", "describe", "it", "before", "after", "beforeEach", "afterEach"], package: "node:test" }] }],
        },
    },
);
