import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['build/**', 'dist/**', 'test/jest.config.js', 'test/bench/jest.config.js', 'node_modules/**', '**/*.mjs', '**/*.cjs', '.ci/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    plugins: { regexp },
    rules: {
      // Patterns meet text of users: one that takes quadratic time on some text stops the process for everybody.
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignoreSticky: true }],
      'regexp/no-misleading-capturing-group': 'error',
      'regexp/optimal-quantifier-concatenation': 'error',
    },
  },
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      // Nest modules are classes without members by design.
      '@typescript-eslint/no-extraneous-class': 'off',
      // `Record<never, never>` is the message without fields.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      // Nest declares the types of its options as classes that exist in declarations only.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
);
