import js from '@eslint/js';
import globals from 'globals';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Features may not import each other: what two of them need moves to components, lib or api. */
const features = [
  'actions',
  'analytics',
  'audit',
  'auth',
  'builder',
  'chat',
  'history',
  'people',
  'schedules',
  'secrets',
  'settings',
  'shared',
  'shell',
];
const separateFeatures = features.map((feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: features
          .filter((other) => other !== feature)
          .map((other) => ({ regex: `/${other}/`, message: 'Features do not import each other.' })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'test-results', 'playwright-report', 'src/api/schema.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  reactHooks.configs.flat['recommended-latest'],
  jsxA11y.flatConfigs.strict,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', 300],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // TanStack Router redirects by throwing.
      '@typescript-eslint/only-throw-error': 'off',
      'no-console': 'error',
    },
  },
  ...separateFeatures,
  {
    files: ['**/*.{js,mjs}'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: globals.node, parserOptions: { projectService: false } },
  },
  { files: ['dev/**', 'scripts/**', 'e2e/*.mjs'], rules: { 'no-console': 'off' } },
  { files: ['public/**'], languageOptions: { globals: globals.browser } },
  { files: ['public/docs/**'], languageOptions: { globals: { Scalar: 'readonly' } } },
);
