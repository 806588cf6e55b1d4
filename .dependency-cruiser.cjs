// The import table of ARCHITECTURE.md. Adding a room to src/ means adding a line here.
const mayImport = {
  domain: [],
  wire: [],
  authority: ['domain'],
  store: ['domain', 'authority'],
  api: ['domain', 'authority', 'wire'],
  gate: ['domain', 'authority'],
  config: ['domain'],
  app: ['domain', 'authority', 'store', 'api', 'gate', 'config'],
  client: ['wire'],
  cli: ['client', 'wire'],
}

const rooms = Object.keys(mayImport).join('|')
const tests = '\\.test\\.ts$'
const src = { path: '^src/', pathNot: tests }
const drawers = '(^|/)(utils?|helpers?|commons?|libs?|types?|index|managers?)(/|\\.[cm]?[jt]sx?$)'

/** dependency-cruiser has no rule on a name alone; one that asks for 100 dependents (the most it accepts) is met by every lesser module it names. */
const anyNumberOfDependents = { numberOfDependentsLessThan: 100 }

const error = (name, comment, rule) => ({ name, comment, severity: 'error', ...rule })

const layers = Object.entries(mayImport).map(([room, others]) =>
  error(`layer-${room}`, `${room} imports only itself${others.map((other) => `, ${other}`).join('')}`, {
    from: { path: `^src/${room}/`, pathNot: [tests, '^src/cli/(serve|migrate-to)\\.ts$'] },
    to: { path: '^src/', pathNot: `^src/(${[room, ...others].join('|')})/` },
  }),
)

module.exports = {
  forbidden: [
    ...layers,
    error('layer-cli-serve', 'serve also starts the server, or a worker of it: app.ts, app/worker.ts and config', {
      from: { path: '^src/cli/serve\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(cli/|client/|wire/|config/|app\\.ts$|app/worker\\.ts$)' },
    }),
    error('layer-cli-migrate-to', 'migrate-to also reads the settings and moves the database: app/move.ts and config', {
      from: { path: '^src/cli/migrate-to\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(cli/|client/|wire/|config/|app/move\\.ts$)' },
    }),
    error('layer-app-file', 'app.ts joins everybody but the command line', {
      from: { path: '^src/app\\.ts$' },
      to: { path: '^src/(cli/|main\\.ts$)' },
    }),
    error('layer-main', 'main.ts hands over to cli', {
      from: { path: '^src/main\\.ts$' },
      to: { path: '^src/', pathNot: '^src/cli/' },
    }),
    error('only-serve-imports-app', 'nobody starts the whole application but cli/serve.ts', {
      from: { path: '^src/', pathNot: [tests, '^src/cli/serve\\.ts$'] },
      to: { path: '^src/(app|main)\\.ts$' },
    }),
    error('console-is-a-client', 'the console uses the API as everybody does: of src only client, and the types of wire', {
      from: { path: '^console/' },
      to: { path: '^(src|test|scripts|bench)/', pathNot: '^src/(client|wire)/' },
    }),
    error('console-reads-types-of-wire', 'schemas are for the server: they would be in the first load', {
      from: { path: '^(console|src/client)/' },
      to: { path: '^src/wire/', dependencyTypesNot: ['type-only'] },
    }),
    error('domain-is-pure', 'domain imports no package, and of Node only crypto, zlib (CRC-32) and net (what is an address)', {
      from: { path: '^src/domain/', pathNot: tests },
      to: { pathNot: ['^src/', '^(node:)?(crypto|net|zlib)$'] },
    }),
    error('wire-is-schemas', 'wire imports only typebox', {
      from: { path: '^src/wire/', pathNot: tests },
      to: { pathNot: ['^src/', '(^|/)node_modules/typebox/'] },
    }),
    error('src-stays-inside', 'the product imports no tests, scripts, benchmarks or console', {
      from: src,
      to: { path: `${tests}|^(test|scripts|bench|console)/` },
    }),
    error('no-unplanned-rooms', 'src/ holds the rooms of the import table and app.ts, main.ts', {
      from: {},
      module: { path: '^src/', pathNot: `^src/((${rooms})/|(app|main)(\\.test)?\\.ts$)`, ...anyNumberOfDependents },
    }),
    error('no-drawers', 'name the file after what it holds', {
      from: {},
      module: { path: `^src/.*${drawers}`, ...anyNumberOfDependents },
    }),
    error('no-cycles', 'type-only imports count too', { from: {}, to: { circular: true } }),
    error('no-orphans', 'nothing imports it and it imports nothing', {
      from: { orphan: true, path: '^src/' },
      to: {},
    }),
    error('no-unresolvable', 'the import leads nowhere', { from: {}, to: { couldNotResolve: true } }),
    error('no-deprecated-core', 'Node has deprecated it', {
      from: {},
      to: { dependencyTypes: ['core'], path: '^(node:)?(punycode|domain|constants|sys|_linklist|_stream_wrap)$' },
    }),
    error('no-dev-dependencies', 'the product runs without devDependencies', {
      from: src,
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'], pathNot: '(^|/)node_modules/@types/' },
    }),
    error('no-undeclared-packages', 'every package is in package.json', {
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-bundled'] },
    }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The peers of the benchmarks are programs of their own, with packages that are installed for them only.
    exclude: { path: '^bench/peers/.*\\.mjs$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
}
