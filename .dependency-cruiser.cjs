// Which room may import which. An edge that is not listed is refused; to add one, write it down here and say why in the
// commit. Every room may use the base files (src/*.ts below) and itself.

/** @type {Record<string, string[]>} */
const rooms = {
  domain: [],
  catalogue: ['domain'],
  config: [],
  // For browsers, to be copied: nothing of ours goes with it.
  client: [],
  access: ['domain'],
  events: ['domain'],
  images: ['domain'],
  providers: ['domain'],
  service: ['domain', 'events'],
  poller: ['domain', 'providers', 'service'],
  store: ['domain', 'events'],
  graphql: ['domain', 'service'],
  server: ['domain', 'access', 'graphql', 'images', 'service'],
  sandbox: [],
};

const base = '^src/(connection-fault|deadline|errors|logger|metrics|time)\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'one-door-to-type-graphql',
      severity: 'error',
      from: { pathNot: '^src/graphql/decorators\\.ts$' },
      to: { path: '(^|/)node_modules/(type-graphql|reflect-metadata)/' },
    },
    {
      name: 'only-store-sees-prisma',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/store/' },
      to: { path: '(^|/)node_modules/(@prisma|pg)/' },
    },
  ],
  allowed: [
    { from: { path: base }, to: { path: base } },
    // The composition root, the process, and what belongs to them.
    {
      from: {
        path: '^src/(account-address|app|app-keeper|app-poller|app-replayer|app-server|demo-project|ground|main)\\.ts$',
      },
      to: { path: '^src/' },
    },
    ...Object.entries(rooms).flatMap(([room, others]) => [
      { from: { path: `^src/${room}/` }, to: { path: `^src/(${[room, ...others].join('|')})/` } },
      { from: { path: `^src/${room}/` }, to: { path: base } },
    ]),
    { from: { path: '^src/' }, to: { dependencyTypes: ['core', 'npm'] } },
    { from: { pathNot: '^src/' }, to: {} },
  ],
  allowedSeverity: 'error',
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/store/generated/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
