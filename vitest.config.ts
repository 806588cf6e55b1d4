import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: 'test/build-once.ts',
    setupFiles: 'test/answer-check.ts',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes at once on a machine with nothing else to do, and some seconds later on one that is busy.
    expect: { poll: { timeout: 15_000 } },
  },
})
