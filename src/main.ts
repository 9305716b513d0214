import { startApp, type App } from './app.js';
import { ConfigError, readConfig, type Config } from './config/config.js';
import { asError, DarkroomError } from './errors.js';
import { createLogger } from './logger.js';

/** After a second signal, or so long after the first, the process ends whatever is under way. */
const stopWithinMs = 30_000;

async function main(): Promise<void> {
  const config = configOrExit();
  const logger = createLogger(config.logLevel);
  let stopping = false;

  // Handlers come first: a signal during the start must not leave PostgreSQL behind.
  const started = startApp(config, logger, { ownsProcess: true });
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info(`${signal}: finishing what is under way; once more to stop at once`);
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    started
      .then(async (each) => await each.stop())
      .then(() => process.exit(0))
      .catch(() => process.exit(1));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);

  const app = await started;
  if (!stopping) console.log(welcome(config, app));
}

function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function welcome(config: Config, app: App): string {
  if (config.role === 'poller') {
    return `Darkroom polls${app.url === null ? '' : `; its health is at ${app.url}/readyz`}. Stop it with Ctrl-C.`;
  }
  const lines = [
    '',
    '  Darkroom is ready.',
    '',
    `  GraphQL    ${app.url}/graphql   (in a browser: GraphiQL)`,
    `  Images     ${app.url}/images`,
    `  Provider   ${app.sandboxUrl === null ? config.accounts.map((each) => each.id).join(', ') : `the sandbox at ${app.sandboxUrl}: pretend pictures, no costs`}`,
    `  Data       ${config.dataFolder}`,
  ];
  if (app.demo !== null) {
    lines.push(
      app.demo.fresh
        ? `  API key    ${app.demo.apiKey}   (shown only now; kept in ${app.demo.keyFile})`
        : `  API key    in ${app.demo.keyFile}`,
      '',
      '  Try next, in another terminal:',
      '',
      '    npm run demo',
      '',
    );
  }
  return lines.join('\n');
}

main().catch((error: unknown) => {
  // What a person can mend is said in a sentence; anything else comes with its stack.
  console.error(error instanceof DarkroomError ? `Darkroom cannot start: ${error.message}` : asError(error));
  process.exit(1);
});
